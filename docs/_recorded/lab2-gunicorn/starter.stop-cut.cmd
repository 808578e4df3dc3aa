curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  'http://localhost:8080/bench/slow?seconds=12' &
sleep 1
docker compose stop app
wait
