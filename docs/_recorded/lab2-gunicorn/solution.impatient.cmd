echo 'GUNICORN_CMD_ARGS=--timeout 60 --graceful-timeout 30' >> .env
docker compose up -d --wait
curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  'http://localhost:8080/bench/slow?seconds=15' &
sleep 1
docker compose stop app
wait
docker compose ps --all --format 'table {{.Status}}' | tail -n 1
