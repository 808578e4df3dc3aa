openssl s_client -connect localhost:8443 -servername pinboard.localhost \
  </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName -dates
