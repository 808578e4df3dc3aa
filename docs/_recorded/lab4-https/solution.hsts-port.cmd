curl -s --hsts /tmp/known-hosts.txt -o /dev/null \
  https://pinboard.localhost:8443/
grep pinboard /tmp/known-hosts.txt
curl -sS -v --hsts /tmp/known-hosts.txt http://pinboard.localhost:8080/ 2>&1 \
  | grep -E 'HSTS|^curl'
