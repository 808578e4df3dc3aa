LOG_LEVEL=DEBUG docker compose up -d --wait app
sleep 6
docker compose logs --since 10s --no-log-prefix app \
  | grep '"level": "debug"' | tail -1
docker compose up -d --wait app
