for target in 'http://$app' 'http://$app/' 'http://app:8000/'; do
  docker compose exec proxy sed -i \
    "s|^    location / {|    location /bench/ { proxy_pass $target; proxy_set_header Host \$http_host; }\n&|" \
    /etc/nginx/conf.d/default.conf
  docker compose exec proxy nginx -q -s reload
  sleep 1
  echo "proxy_pass $target;"
  curl -s -o /dev/null -w 'status %{http_code}, %{content_type}\n' \
    http://localhost:8080/bench/whoami
  docker compose up -d --force-recreate --wait proxy
done
