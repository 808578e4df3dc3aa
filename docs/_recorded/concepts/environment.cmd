docker compose run --detach --rm --name pinboard-keyed \
  --env API_KEY=tr0ub4dor shell >/dev/null 2>&1; sleep 1
docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' pinboard-keyed \
  | grep API_KEY
docker exec pinboard-keyed sh -c 'tr "\0" "\n" </proc/1/environ' | grep API_KEY
docker rm --force pinboard-keyed >/dev/null
