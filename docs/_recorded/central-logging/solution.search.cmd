id=$(curl -s -o /dev/null -w '%header{x-request-id}' https://pinboard.localhost:8443/me); sleep 1
docker compose exec logs search "$id"
