docker compose exec uwsgi ps -N -C ps -o pid,ppid,nlwp,args | cut -c 1-64
docker compose exec uwsgi sh -c 'kill -9 $(pgrep -P 1 | tail -1)'; sleep 3
docker compose exec uwsgi ps -N -C ps -o pid,ppid,nlwp,args | cut -c 1-64
