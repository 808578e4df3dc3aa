curl -sS https://pinboard.localhost:8443/healthz 2>&1 | head -1
grader trust
curl -sS https://pinboard.localhost:8443/healthz
grader trust --undo
curl -sS https://pinboard.localhost:8443/healthz 2>&1 | head -1
