docker compose exec proxy sed -i 's|listen 80;|listen eighty;|' \
  /etc/nginx/conf.d/default.conf
docker compose exec proxy nginx -t 2>&1 | grep -E 'emerg|test'
docker compose exec proxy nginx -s reload > /dev/null 2>&1
sleep 1
curl -s -o /dev/null -w 'status %{http_code}\n' http://localhost:8080/
