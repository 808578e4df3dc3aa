docker compose ps --quiet \
  | xargs docker inspect --format '{{.Name}} {{json .HostConfig.LogConfig}}'
