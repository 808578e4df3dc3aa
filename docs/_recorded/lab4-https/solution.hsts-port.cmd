curl -s --hsts known-hosts.txt -o /dev/null https://pinboard.localhost:8443/
grep pinboard known-hosts.txt
curl -sS -v --hsts known-hosts.txt http://pinboard.localhost:8080/ 2>&1 \
  | grep -E 'HSTS|^curl'
