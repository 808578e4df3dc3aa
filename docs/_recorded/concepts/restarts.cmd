docker compose up --detach no-policy on-failure ended-well always hangs 2>/dev/null; sleep 12
docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}: {{.State.Status}}{{if .State.Health}}, {{.State.Health.Status}}{{end}}, restarts: {{.RestartCount}}' \
  $(docker compose ps --all --quiet no-policy on-failure ended-well always hangs)
