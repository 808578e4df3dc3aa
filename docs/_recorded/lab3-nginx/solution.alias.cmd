docker compose exec proxy sh -c \
  'sed -i "s|/static/ {|/static {|" /etc/nginx/conf.d/default.conf && nginx -s reload'
sleep 1
curl -s -o /dev/null -w 'status %{http_code}\n' --path-as-is \
  http://localhost:8080/static../static/app.css
docker compose up -d --force-recreate --wait proxy
curl -s -o /dev/null -w 'status %{http_code}\n' --path-as-is \
  http://localhost:8080/static../static/app.css
