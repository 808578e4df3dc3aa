LOG_LEVEL=debug docker compose up -d --wait app
sleep 6
docker compose logs --no-log-prefix app | grep '"level": "debug"' | tail -1
docker compose up -d --wait app
