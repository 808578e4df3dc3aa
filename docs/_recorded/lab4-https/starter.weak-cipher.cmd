curl -sS -v -k -o /dev/null --tls-max 1.2 \
  --ciphers AES128-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA \
  https://pinboard.localhost:8443/ 2>&1 \
  | grep -oE 'SSL connection.*|alert handshake.*' | tail -1
