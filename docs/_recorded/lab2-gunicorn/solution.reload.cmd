curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  'http://localhost:8080/bench/slow?seconds=3' &
sleep 1
docker compose exec app sh -c 'kill -HUP 1'
wait
docker compose logs --no-log-prefix app \
  | grep -E 'Handling signal|Booting' | tail -5
