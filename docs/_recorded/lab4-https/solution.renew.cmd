serial() {
  openssl s_client -connect localhost:8443 -servername pinboard.localhost \
    </dev/null 2>/dev/null | openssl x509 -noout -serial
}
serial
for i in $(seq 500); do
  curl -s -o /dev/null -w 'status %{http_code}\n' \
    https://pinboard.localhost:8443/healthz
done | sort | uniq -c &
docker compose exec -T certbot certbot renew --quiet \
  --force-renewal --no-random-sleep-on-renew
wait
serial
