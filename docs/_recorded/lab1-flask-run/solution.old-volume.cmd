docker compose run --rm --user root app chown --recursive root: /data
docker compose up -d --force-recreate
sleep 5
docker compose logs --no-log-prefix app | grep Error | tail -n 1
docker compose run --rm --user root app chown --recursive app: /data
docker compose up -d --force-recreate
until curl -s -o /dev/null http://localhost:8080/healthz; do sleep 1; done
curl -s -o /dev/null -w 'status %{http_code}\n' http://localhost:8080/
