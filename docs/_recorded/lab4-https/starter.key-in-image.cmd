docker compose run --rm --no-deps --entrypoint head proxy \
  -1 /etc/nginx/key.pem
