echo 'SECRET_KEY=on-the-table' >> .env
docker compose up -d
docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' \
  "$(docker compose ps -q app)" | grep SECRET
