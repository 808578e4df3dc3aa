before=$(date +%s)
docker compose stop app
echo "$(($(date +%s) - before)) s"
docker compose ps --all --format 'table {{.Service}}\t{{.Status}}'
