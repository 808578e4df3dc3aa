docker compose exec certbot sh -c '
  mkdir -p /var/www/acme/.well-known/acme-challenge
  echo hello > /var/www/acme/.well-known/acme-challenge/try'
curl -s http://pinboard.localhost:8080/.well-known/acme-challenge/try
