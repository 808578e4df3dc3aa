docker compose exec app sh -c 'echo "{\"service\": \"proxy\", \"message\": \"hello-42\"}" > /proc/1/fd/1'; sleep 1
docker compose exec logs search hello-42
