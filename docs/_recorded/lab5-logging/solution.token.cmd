curl -s -o /dev/null 'https://pinboard.localhost:8443/?token=s3cret'
sleep 1
docker compose logs --since 5s app proxy | grep -c s3cret
