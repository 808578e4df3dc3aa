curl -sS --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 \
  https://pinboard.localhost:8443/ 2>&1 | grep -o 'tlsv1.*'
