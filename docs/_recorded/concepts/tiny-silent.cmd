sleep 2
docker compose exec --detach shell python3 -c \
  'import socket, time; c = socket.create_connection(("tiny", 8000)); time.sleep(8)'
sleep 1
docker compose exec shell curl -sS --max-time 3 http://tiny:8000/healthz 2>&1
sleep 7
docker compose ps --all --format '{{.Service}}: {{.State}}, exit code {{.ExitCode}}' tiny
docker compose logs --no-log-prefix tiny | tail -1
