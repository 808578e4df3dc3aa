pid=$(curl -s http://localhost:8080/bench/whoami \
  | python -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
docker compose exec app sh -c "kill -KILL $pid"
curl -s -o /dev/null -w 'status %{http_code}\n' http://localhost:8080/
sleep 1
docker compose logs --no-log-prefix app | grep -i worker | tail -2
