docker compose logs --no-log-prefix app | grep WARNING
