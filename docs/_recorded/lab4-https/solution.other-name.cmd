curl -sS --insecure https://localhost:8443/ 2>&1 | grep -o 'tlsv1.*'
