curl -sS https://pinboard.localhost:8443/ 2>&1 | head -1
