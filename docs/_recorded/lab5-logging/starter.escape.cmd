curl -s -o /dev/null -d password=guess \
  --data-urlencode $'user=root\e[1A\e[2K\rall is well' \
  https://pinboard.localhost:8443/login
sleep 1
docker compose logs --since 5s --no-log-prefix app | grep -ao "failed.*" | cat -v
