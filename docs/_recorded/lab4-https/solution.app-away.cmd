docker compose stop app
curl -s -o /dev/null -D - https://pinboard.localhost:8443/ \
  | grep -i -E '^(HTTP|strict|x-content)'
docker compose start app
