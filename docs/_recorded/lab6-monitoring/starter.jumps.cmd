docker compose restart app; sleep 5
for i in $(seq 20); do
  curl -s -o /dev/null https://pinboard.localhost:8443/bench/whoami
done
for i in $(seq 8); do
  curl -s https://pinboard.localhost:8443/metrics \
    | grep 'requests_total.*whoami' || echo 'nothing about it'
done
