docker compose stop acme
docker compose exec -T certbot certbot renew --quiet \
  --force-renewal --no-random-sleep-on-renew
echo "certbot ends with code $?"
curl -s -o /dev/null -w 'status %{http_code}\n' https://pinboard.localhost:8443/
docker compose start acme
