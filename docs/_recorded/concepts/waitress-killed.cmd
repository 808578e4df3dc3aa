docker compose kill --signal KILL waitress 2>/dev/null; sleep 3
docker compose ps --all --format '{{.Service}}: {{.State}}, exit code {{.ExitCode}}' waitress
