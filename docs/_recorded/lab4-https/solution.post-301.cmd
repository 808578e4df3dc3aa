try() {
  curl -s -o /dev/null -L -d user=ada -d password=guess \
    -w '%{method} %{http_code}\n' http://pinboard.localhost:8080/login
}
echo "308: $(try)"
docker compose exec proxy sed -i 's|return 308|return 301|' \
  /etc/nginx/conf.d/default.conf
docker compose exec proxy nginx -s reload
sleep 1
echo "301: $(try)"
docker compose up -d --force-recreate --wait proxy
