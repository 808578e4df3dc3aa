for path in / /me /nope '/bench/slow?seconds=1'; do
  curl -s -o /dev/null "https://pinboard.localhost:8443$path"
done
sleep 1
docker compose logs --since 5s --no-log-prefix proxy | grep '"status":[45]' \
  | grep -o '"method.*"seconds":[0-9.]*'
