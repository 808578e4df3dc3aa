look() {
  docker compose exec supervisor ps -N -C ps -o pid,ppid,args | cut -c 1-64
}
docker compose exec supervisor curl -s --retry 30 --retry-all-errors http://127.0.0.1/healthz
look
docker compose exec supervisor sh -c 'kill -9 $(pgrep -P 1 -o gunicorn)'
sleep 3; look
sleep 40; look
docker compose logs --no-log-prefix supervisor \
  | grep -o "WARN.*\|INFO spawned.*\|Address already in use" | uniq
