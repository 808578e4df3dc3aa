docker compose exec app ls -l /proc/1/fd/1 | grep -o 'pipe.*'
docker compose exec proxy ls -l /var/log/nginx | grep -o '[a-z]*.log -> .*'
