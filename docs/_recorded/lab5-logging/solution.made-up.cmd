curl -s -o /dev/null -D - -H 'X-Request-ID: mine' https://pinboard.localhost:8443/ \
  | grep -i x-request-id
