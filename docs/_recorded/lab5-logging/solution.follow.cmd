id=$(curl -s -o /dev/null -w '%header{x-request-id}' \
  https://pinboard.localhost:8443/bench/boom)
sleep 1
docker compose logs | grep "$id" | cut -c 1-190
