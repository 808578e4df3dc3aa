for i in $(seq 60); do
  curl -s -o /dev/null https://pinboard.localhost:8443/bench/whoami
  sleep 0.3
done
for window in 5s 20s; do
  query="sum(rate(http_requests_total{route=\"/bench/whoami\"}[$window]))"
  echo "$window: $(curl -s http://localhost:9090/api/v1/query \
    --data-urlencode "query=$query" | grep -o '"result".*')"
done
