curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  http://localhost:8080/
docker compose stop app
curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  http://localhost:8080/
curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  http://localhost:8080/
docker compose start app
