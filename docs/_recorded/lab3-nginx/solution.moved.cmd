curl -s -o /dev/null -w 'status %{http_code}\n' http://localhost:8080/
docker compose rm --stop --force app > /dev/null
other=$(docker compose run -d --no-deps app sleep 300)
docker compose up -d --no-deps app
sleep 5
curl -s -o /dev/null -w 'status %{http_code}\n' http://localhost:8080/
docker rm --force "$other" > /dev/null
