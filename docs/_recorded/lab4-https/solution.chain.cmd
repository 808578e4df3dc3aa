openssl s_client -connect localhost:8443 -servername pinboard.localhost \
  </dev/null 2>/dev/null | grep -E '^ [0-9] s:|^   i:'
