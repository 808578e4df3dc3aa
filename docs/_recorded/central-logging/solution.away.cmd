docker compose stop logs
docker compose restart app; sleep 3
curl -s -o /dev/null -w '%{http_code}\n' https://pinboard.localhost:8443/while-away
docker compose start logs; sleep 1
docker compose exec logs search while-away || echo "the collector has nothing"
docker compose logs --no-log-prefix app | grep -c while-away
