curl -s https://pinboard.localhost:8443/bench/whoami | python -m json.tool \
  | grep -E 'scheme|url_external'
