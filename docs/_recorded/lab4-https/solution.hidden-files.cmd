docker compose exec certbot sh -c '
  mkdir -p /var/www/acme/.well-known/acme-challenge
  echo hello > /var/www/acme/.well-known/acme-challenge/try'
ask() {
  docker compose exec proxy nginx -s reload 2>/dev/null
  sleep 1
  curl -s -o /dev/null -w '%{http_code}' \
    http://pinboard.localhost:8080/.well-known/acme-challenge/try
}
docker compose exec proxy sed -i \
  's|location ^~ /.well|location ~ /\\. { deny all; }\n    &|' \
  /etc/nginx/conf.d/default.conf
echo "with ^~:    $(ask)"
docker compose exec proxy sed -i 's|location ^~ /.well|location /.well|' \
  /etc/nginx/conf.d/default.conf
echo "without ^~: $(ask)"
docker compose up -d --force-recreate --wait proxy
