echo 'GUNICORN_CMD_ARGS=--workers 1 --threads 8' >> .env
docker compose up -d --wait
curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  'http://localhost:8080/bench/slow?seconds=15'
