docker compose stop redis
for page in / /healthz /readyz; do
  curl -s -o /dev/null -w "%{http_code} $page\n" \
    https://pinboard.localhost:8443$page
done
docker compose start redis
