ask() {
  sleep 1
  curl -s -o /dev/null -A 'a "quoted" word' https://pinboard.localhost:8443/me
  sleep 1
  docker compose logs --no-log-prefix proxy | grep -o '{.*"/me".*' | tail -1 \
    > /tmp/line.txt
  grep -o '"agent.*' /tmp/line.txt
  python -m json.tool /tmp/line.txt 2>&1 > /dev/null && echo "a program reads it"
}
ask
docker compose exec proxy sed -i 's/ escape=json//' \
  /etc/nginx/conf.d/default.conf
docker compose exec proxy nginx -s reload
ask
docker compose up -d --force-recreate --wait proxy
