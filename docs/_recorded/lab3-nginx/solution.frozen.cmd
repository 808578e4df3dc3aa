docker compose pause app
curl -s -o /dev/null -w 'static: status %{http_code} after %{time_total} s\n' \
  http://localhost:8080/static/app.css
curl -s -o /dev/null -w 'board:  status %{http_code} after %{time_total} s\n' \
  http://localhost:8080/
docker compose unpause app
