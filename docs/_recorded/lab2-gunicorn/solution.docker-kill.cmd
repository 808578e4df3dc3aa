for reload in "exec app sh -c 'kill -HUP 1'" 'kill --signal HUP app'; do
  echo "docker compose $reload"
  eval "docker compose $reload"
  sleep 3
  docker compose exec app sh -c 'kill -TERM 1'
  sleep 12
  docker inspect --format '{{.State.Status}}, restarted {{.RestartCount}}x' \
    "$(docker compose ps --all --quiet app)"
done
