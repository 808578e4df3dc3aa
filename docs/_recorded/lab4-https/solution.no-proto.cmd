docker compose exec proxy sed -i '/X-Forwarded-Proto/d' \
  /etc/nginx/conf.d/default.conf
docker compose exec proxy nginx -s reload
sleep 1
curl -s -i https://pinboard.localhost:8443/bench/redirect | grep -i location
curl -s -o /dev/null -w 'there: status %{http_code}\n' \
  http://pinboard.localhost:8443/bench/dir/
docker compose up -d --force-recreate --wait proxy
