curl -s -k -o /dev/null -c /tmp/jar.txt -d user=ada -d password=pinboard \
  https://pinboard.localhost:8443/login
curl -s -v -o /dev/null -b /tmp/jar.txt http://pinboard.localhost:8080/ 2>&1 \
  | grep -E '^> (GET|Cookie)|^< HTTP'
