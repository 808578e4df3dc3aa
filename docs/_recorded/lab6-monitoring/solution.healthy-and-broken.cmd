docker compose stop redis
sleep 1
docker compose ps --format '{{.Service}}: {{.Health}}' app
curl -s -o /dev/null -w '%{http_code} /healthz\n' \
  https://pinboard.localhost:8443/healthz
curl -s -o /dev/null -w '%{http_code} /login\n' \
  -d user=ada -d password=pinboard https://pinboard.localhost:8443/login
docker compose start redis
