sed -i 's/localhost:8000/app:8000/' prometheus/prometheus.yml
docker compose exec -T prometheus sh -c 'kill -HUP 1'
docker compose restart app; sleep 15
for i in $(seq 20); do
  curl -s -o /dev/null https://pinboard.localhost:8443/bench/whoami
done
sleep 90
curl -s http://localhost:9090/api/v1/query --data-urlencode \
  'query=sum(increase(http_requests_total{path="/bench/whoami"}[1m]))' \
  | grep -oE '"[0-9.]+"\]' | tr -d '"]'
