docker compose exec --detach shell sh -c 'uvicorn --port 9000 wsgi:app 2>/tmp/log'; sleep 3
docker compose exec shell curl -s -w '\nstatus %{http_code}\n' http://127.0.0.1:9000/healthz
docker compose exec shell tail -1 /tmp/log
