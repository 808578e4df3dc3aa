docker compose stop logs
docker compose restart app 2>&1 | tail -n 1 | cut -c 1-150
curl -s -m 10 -o /dev/null -w '%{http_code}\n' https://pinboard.localhost:8443/
