docker compose exec proxy sh -c \
  'sed -i "s|proxy_connect_timeout|proxy_request_buffering off; proxy_http_version 1.1; &|" \
  /etc/nginx/conf.d/default.conf && nginx -s reload'
sleep 1
for client in 1 2 3 4; do
  sleep 6 | curl -s -o /dev/null -T - -X POST http://localhost:8080/bench/upload &
done
sleep 1
curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  http://localhost:8080/bench/whoami
wait
docker compose up -d --force-recreate --wait proxy
