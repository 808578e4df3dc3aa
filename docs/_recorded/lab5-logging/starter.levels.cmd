for level in warning info; do
  curl -s -o /dev/null "https://pinboard.localhost:8443/bench/log?m=hello&level=$level"
done
sleep 1
docker compose logs --since 5s --no-log-prefix app | grep 'bench log'
