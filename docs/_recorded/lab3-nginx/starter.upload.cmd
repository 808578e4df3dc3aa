head -c 2000000 /dev/zero \
  | curl -s -o /dev/null -w 'status %{http_code}\n' --data-binary @- \
    http://localhost:8080/bench/upload
