docker compose exec proxy sed -i \
  's|return 308 .*|return 301 https://$host:8443$uri;|' \
  /etc/nginx/conf.d/default.conf
docker compose exec proxy nginx -s reload
sleep 1
curl -s -i 'http://pinboard.localhost:8080/x%0d%0aSet-Cookie:%20theme=evil' \
  | grep -E '^(HTTP|Location|Set-Cookie)'
docker compose up -d --force-recreate --wait proxy
