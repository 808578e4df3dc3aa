docker compose exec app sh -c '(printf "{\"long\": \""; head -c 40000 /dev/zero | tr "\0" x; echo "\"}") > /proc/1/fd/1'; sleep 1
docker compose exec logs sh -c 'grep xxxxx /logs/app.jsonl | cut -c 82-130'
