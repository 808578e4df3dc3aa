curl -s -o /dev/null -w 'status %{http_code} after %{time_total} s\n' \
  'http://localhost:8080/bench/slow?seconds=15'
docker compose logs --no-log-prefix app | grep -E 'TIMEOUT|Booting' | tail -2
