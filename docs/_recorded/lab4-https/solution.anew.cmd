docker compose exec certbot certbot delete --quiet --non-interactive \
  --cert-name pinboard.localhost
docker compose restart certbot
until docker compose logs --since 10s certbot | grep -q received; do
  sleep 1
done
docker compose exec certbot certbot certificates 2>/dev/null \
  | grep -E 'Name|Expiry'
