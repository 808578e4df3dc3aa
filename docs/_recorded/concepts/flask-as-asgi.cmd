docker compose exec --detach shell \
  sh -c 'uvicorn --port 9000 wsgi:app 2>/tmp/log'
until docker compose exec shell curl -s -o /dev/null http://127.0.0.1:9000/; do sleep 1; done
docker compose exec shell curl -s -w '\nstatus %{http_code}\n' \
  http://127.0.0.1:9000/healthz
docker compose exec shell tail -1 /tmp/log
