echo 'FLASK_DEBUG=1' >> .env
docker compose up -d --wait
curl -s http://localhost:8080/console | grep '<h1>'
grader check --quick --only debugger-off
