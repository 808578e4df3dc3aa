docker compose exec proxy sed -i '/proxy_set_header X-Request-ID/d' \
  /etc/nginx/conf.d/default.conf
docker compose exec proxy nginx -s reload
sleep 1
curl -s -o /dev/null https://pinboard.localhost:8443/me
sleep 1
docker compose logs --since 5s | grep '"/me"' \
  | sed -E 's/\|.*("request_id": ?"[^"]*").*/| \1/'
docker compose up -d --force-recreate --wait proxy
