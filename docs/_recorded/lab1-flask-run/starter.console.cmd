curl -s http://localhost:8080/console | grep '<h1>'
docker compose logs --no-log-prefix app | grep PIN
