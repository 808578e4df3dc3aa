look() { docker compose exec supervisor ps -N -C ps -o pid,ppid,args | cut -c 1-64; }
look
docker compose exec supervisor sh -c 'kill -9 $(pgrep -P 1 -o gunicorn)'; sleep 3; look; sleep 40; look
docker compose logs supervisor --no-log-prefix | grep -o "WARN.*\|INFO spawned.*\|Address already in use" | uniq
