docker compose exec proxy sed -i 's/ always;/;/' \
  /etc/nginx/security-headers.conf
docker compose exec proxy nginx -s reload
sleep 1
for path in / /nothing-here; do
  curl -s -o /dev/null -D - https://pinboard.localhost:8443$path \
    | grep -i -E '^(HTTP|strict)'
done
docker compose up -d --force-recreate --wait proxy
