echo 'FLASK_DEBUG=1' >> .env
docker compose up -d --wait
grader check --quick --only debugger-off
