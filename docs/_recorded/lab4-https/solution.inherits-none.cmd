docker compose exec proxy sed -i \
  's|expires $static_expires;|& add_header X-Hello "you" always;|' \
  /etc/nginx/conf.d/default.conf
docker compose exec proxy nginx -s reload
sleep 1
curl -s -o /dev/null -D - https://pinboard.localhost:8443/static/app.css \
  | grep -i -E '^(HTTP|strict|x-)'
docker compose up -d --force-recreate --wait proxy
