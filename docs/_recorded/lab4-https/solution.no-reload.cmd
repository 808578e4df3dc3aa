serial() { openssl x509 -noout -serial; }
held() {
  docker compose exec -T certbot \
    cat /etc/letsencrypt/live/pinboard.localhost/cert.pem | serial
}
served() {
  openssl s_client -connect localhost:8443 -servername pinboard.localhost \
    </dev/null 2>/dev/null | serial
}
docker compose exec proxy sh -c \
  'kill -STOP $(grep -l "[c]ertificate.sh" /proc/[0-9]*/cmdline | cut -d / -f 3)'
docker compose exec -T certbot certbot renew --quiet \
  --force-renewal --no-random-sleep-on-renew
sleep 25
echo "on the disk:    $(held)"
echo "visitors get:   $(served)"
docker compose ps --format '{{.Service}}: {{.Health}}' certbot
docker compose exec proxy nginx -s reload 2>/dev/null
sleep 2
echo "after a reload: $(served)"
docker compose up -d --force-recreate --wait proxy
