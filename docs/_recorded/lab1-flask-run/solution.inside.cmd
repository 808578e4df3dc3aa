docker compose exec app id
docker compose exec app ls -a
docker compose exec app ls -l /data
