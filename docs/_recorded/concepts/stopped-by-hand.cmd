docker compose stop hangs 2>/dev/null; sleep 3
docker inspect --format 'policy {{.HostConfig.RestartPolicy.Name}}: {{.State.Status}}' \
  $(docker compose ps --all --quiet hangs)
