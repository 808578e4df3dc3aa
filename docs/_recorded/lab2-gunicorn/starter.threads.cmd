curl -s --no-progress-meter -o /dev/null \
  --parallel --parallel-immediate --parallel-max 200 \
  'http://localhost:8080/bench/slow?seconds=20&n=[1-200]' &
sleep 12
docker compose exec app sh -c 'ls /proc/1/task | wc -l'
wait
