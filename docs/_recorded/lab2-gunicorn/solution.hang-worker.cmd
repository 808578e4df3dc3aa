pid=$(curl -s http://localhost:8080/bench/whoami \
  | python -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
docker compose exec app sh -c "kill -STOP $pid"
sleep 13
docker compose logs --no-log-prefix app | grep -i worker | tail -3
