curl -s -o /dev/null -A Ada https://pinboard.localhost:8443/bench/boom &
curl -s -o /dev/null -A Bob https://pinboard.localhost:8443/bench/boom &
wait; sleep 1
docker compose logs --since 5s | grep /bench/boom
