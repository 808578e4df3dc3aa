curl -s -o /dev/null 'https://pinboard.localhost:8443/bench/slow?seconds=1'
curl -s -o /dev/null 'https://pinboard.localhost:8443/bench/slow?seconds=0'
sleep 1
docker compose logs --since 5s app proxy | grep /bench/slow
