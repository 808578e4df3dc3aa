openssl s_client -connect localhost:8443 -servername pinboard.localhost \
  </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer
openssl req -x509 -newkey rsa:2048 -nodes -keyout mine.key -out mine.pem \
  -subj /CN=pinboard.localhost
openssl x509 -noout -subject -issuer -in mine.pem
