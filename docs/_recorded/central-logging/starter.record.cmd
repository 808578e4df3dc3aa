curl -s -o /dev/null https://pinboard.localhost:8443/me; sleep 1
docker compose exec logs tail -n 1 /var/log/all.log | cut -c 1-110
docker compose exec logs sh -c 'tail -n 1 /var/log/all.log | jq . 2>&1' | cut -c 1-70
