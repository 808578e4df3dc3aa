seq 6 | xargs -P 6 -I{} \
  curl -s -o /dev/null -w '{}: answered after %{time_total} s\n' \
  'http://localhost:8080/bench/slow?seconds=1'
