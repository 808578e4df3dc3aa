curl -s -i 'http://pinboard.localhost:8080/notes?page=2' \
  | grep -E 'HTTP|Location'
