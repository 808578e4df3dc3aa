docker compose down --volumes
start=$(date +%s)
docker compose up -d --wait
echo "$(($(date +%s) - start)) seconds"
openssl s_client -connect localhost:8443 -servername pinboard.localhost \
  </dev/null 2>/dev/null | openssl x509 -noout -issuer
