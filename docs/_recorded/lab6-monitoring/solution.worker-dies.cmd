docker compose restart webhook # it forgets what it was told
sleep 15
begin=$(date +%s)
for i in 1 2 3 4 5; do
  docker compose exec -T app python -c "import os, signal
workers = open('/proc/1/task/1/children').read().split()
os.kill(int(workers[0]), signal.SIGKILL)"
  for j in $(seq 10); do
    curl -s -o /dev/null -w 'status %{http_code}\n' \
      https://pinboard.localhost:8443/
  done
  sleep 3
done | sort | uniq -c
docker compose logs --since $begin --no-log-prefix app | grep -c 'SIGKILL'
curl -s http://localhost:9095/
