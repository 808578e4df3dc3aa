for seconds in 0 0 0 0 0 0 0 0 0 1.5; do
  curl -s -o /dev/null "https://pinboard.localhost:8443/bench/slow?seconds=$seconds"
done
docker compose exec -T app python -c "from urllib.request import urlopen
print(urlopen('http://127.0.0.1:8000/metrics').read().decode())" \
  | grep 'duration_seconds.*bench/slow'
