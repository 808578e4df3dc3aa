docker compose --profile report up -d --build --wait >/dev/null 2>&1
for n in 1 2 3 4 5; do curl -s -o /dev/null https://pinboard.localhost:8443/; done; sleep 3
curl -s http://localhost:7890/ | grep -o '"valid_requests": [0-9][0-9]*' | head -n 1
