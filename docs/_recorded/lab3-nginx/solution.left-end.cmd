docker compose exec proxy sh -c \
  'sed -i "s|X-Forwarded-For .remote_addr|X-Forwarded-For \$proxy_add_x_forwarded_for|" \
  /etc/nginx/conf.d/default.conf && nginx -s reload'
sleep 1
for count in 1 2; do
  docker compose exec --user root app sed -i "s/x_for=[0-9]/x_for=$count/" wsgi.py
  docker compose exec app sh -c 'kill -HUP 1'
  sleep 3
  echo "x_for=$count"
  curl -s -H 'X-Forwarded-For: 203.0.113.7' http://localhost:8080/bench/whoami \
    | python -m json.tool | grep remote_addr
done
docker compose up -d --force-recreate --wait
