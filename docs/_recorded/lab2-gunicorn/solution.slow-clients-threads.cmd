echo 'GUNICORN_CMD_ARGS=--workers 1 --threads 8' >> .env
docker compose up -d --wait
for client in 1 2 3 4 5 6 7 8; do
  sleep 6 \
    | curl -s -o /dev/null -T - -X POST http://localhost:8080/bench/upload &
done
sleep 1
curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  http://localhost:8080/healthz
wait
