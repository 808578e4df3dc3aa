for i in $(seq 20); do
  curl -s -o /dev/null https://pinboard.localhost:8443/bench/whoami
done
for i in $(seq 8); do
  docker compose exec -T app python -c "from urllib.request import urlopen
print(urlopen('http://127.0.0.1:8000/metrics').read().decode())" \
    | grep 'requests_total.*whoami'
done
curl -s -o /dev/null -w 'at the edge: %{http_code}\n' \
  https://pinboard.localhost:8443/metrics
