docker compose exec flask ps -N -C ps -o pid,nlwp,args
docker compose exec --detach shell python3 half.py flask 200; sleep 3
docker compose exec flask ps -N -C ps -o pid,nlwp,args
