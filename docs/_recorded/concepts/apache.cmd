docker compose exec apache ps -N -C ps -o pid,ppid,nlwp,args | cut -c 1-64
docker compose exec apache sh -c 'kill -9 $(pgrep -P 1 | head -1)'; sleep 3
docker compose exec apache ps -N -C ps -o pid,ppid,nlwp,args | cut -c 1-64
