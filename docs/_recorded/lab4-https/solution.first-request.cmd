curl -s -o /dev/null --trace-ascii - -d user=ada -d password=pinboard \
  http://pinboard.localhost:8080/login | grep -E 'POST|user=|HTTP/1.1 308'
