curl -s -o /dev/null -d password=guess --data-urlencode $'user=ada\nsigned in: root' \
  https://pinboard.localhost:8443/login
sleep 1
docker compose logs --since 5s --no-log-prefix app \
  | grep -A1 failed | grep -o '"message.*'
