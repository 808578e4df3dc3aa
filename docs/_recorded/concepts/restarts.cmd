kinds="no-policy on-failure ended-well always hangs"
docker compose up --detach $kinds 2>/dev/null; sleep 12
docker inspect --format \
  '{{index .Config.Labels "com.docker.compose.service"}}: {{.State.Status}}{{if .State.Health
  }}, {{.State.Health.Status}}{{end}}, restarts: {{.RestartCount}}' \
  $(docker compose ps --all --quiet $kinds)
