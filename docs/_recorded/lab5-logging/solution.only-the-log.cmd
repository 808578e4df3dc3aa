curl -s 'https://pinboard.localhost:8443/bench/boom?m=hello'
sleep 1
docker compose logs --since 5s --no-log-prefix app \
  | grep -oE 'RuntimeError: [a-z]+'
