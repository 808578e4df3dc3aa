for path in / /me /nope /bench/slow?seconds=1; do curl -s -o /dev/null "https://pinboard.localhost:8443$path"; done; sleep 1
docker compose exec logs jq -c 'select(.log.status >= 400 or .log.seconds > 0.5) | [.service, .log.path, .log.status, .log.seconds]' /logs/proxy.jsonl
