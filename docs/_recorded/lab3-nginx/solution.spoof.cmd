curl -s -H 'X-Forwarded-For: 203.0.113.7' http://localhost:8080/bench/whoami \
  | python -m json.tool | grep remote_addr
curl -s -H 'X-Forwarded-Host: evil.example' http://localhost:8080/bench/whoami \
  | python -m json.tool | grep url_external
curl -s -H 'Host: evil.example' -w 'curl ends with code %{exitcode}\n' \
  http://localhost:8080/
