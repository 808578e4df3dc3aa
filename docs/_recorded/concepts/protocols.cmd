for server in gunicorn uwsgi fastcgi waitress
do
  docker compose exec proxy curl -s -w " $server, status %{http_code}\n" \
    http://$server.localhost/healthz | tr -d '\n'; echo
done
