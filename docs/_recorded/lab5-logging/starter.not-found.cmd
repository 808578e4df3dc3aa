curl -s -o /dev/null \
  'https://pinboard.localhost:8443/static/x%0A2026/11/21%20all%20is%20well'
sleep 1
docker compose logs --since 5s --no-log-prefix proxy \
  | grep -A1 'srv/static/x' | cut -c 1-80
