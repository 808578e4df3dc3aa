seq 40 | xargs -P 40 -I{} \
  curl -s -o /dev/null 'http://localhost:8080/bench/slow?seconds=1' &
sleep 4
docker compose exec app sh -c \
  'grep -h -E "^(Name|Threads):" /proc/[0-9]*/status | paste - -'
wait
