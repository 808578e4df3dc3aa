openssl s_client -connect localhost:8443 -servername pinboard.localhost \
  </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=pinboard.localhost \
  -keyout /tmp/mine.key -out /tmp/mine.pem
openssl x509 -noout -subject -issuer -in /tmp/mine.pem
