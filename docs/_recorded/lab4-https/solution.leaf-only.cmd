docker compose exec proxy sed -i -E \
  's|(ssl_certificate +)[^;]+|\1/etc/letsencrypt/live/pinboard.localhost/cert.pem|' \
  /etc/nginx/conf.d/default.conf
docker compose exec proxy nginx -s reload
sleep 1
openssl s_client -connect localhost:8443 -servername pinboard.localhost \
  </dev/null 2>/dev/null | grep -E '^ [0-9] s:|^   i:'
curl -sS https://pinboard.localhost:8443/ 2>&1 | head -1
docker compose up -d --force-recreate --wait proxy
