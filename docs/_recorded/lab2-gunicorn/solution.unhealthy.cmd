echo 'GUNICORN_CMD_ARGS=--timeout 0' >> .env
docker compose up -d --wait
docker compose exec app sh -c 'kill -STOP -1'
sleep 40
docker compose ps --format 'table {{.Service}}\t{{.Status}}'
docker inspect --format 'restarts: {{.RestartCount}}' \
  "$(docker compose ps -q app)"
