curl -s http://localhost:8080/bench/whoami | python -m json.tool \
  | grep -E 'host_header|remote_addr|url_external'
