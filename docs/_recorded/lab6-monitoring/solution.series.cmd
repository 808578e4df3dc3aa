for i in $(seq 200); do
  curl -s -o /dev/null https://pinboard.localhost:8443/nothing/$i
done
docker compose exec -T app python -c "from urllib.request import urlopen
print(urlopen('http://127.0.0.1:8000/metrics').read().decode())" \
  | grep -c '^http_requests_total'
