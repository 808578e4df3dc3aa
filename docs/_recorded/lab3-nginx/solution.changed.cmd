grader check --quick > /dev/null
sed -i 's/server_tokens off/server_tokens on/' nginx/default.conf
sed -i 's/stop_grace_period: 10s/stop_grace_period: 5s/' compose.yaml
echo "API_TOKEN=$(openssl rand -hex 16)" >> .env
docker compose build --quiet
docker compose up --detach --wait
grader check --quick --only proxy.no-version-leak | sed -n '/FAIL/,$p'
