id=$(docker run --detach --log-driver local --log-opt max-size=10k --log-opt max-file=2 \
  python:3.13-slim seq 100000)
docker wait "$id" > /dev/null
echo "the oldest line: $(docker logs "$id" | head -1)"
echo "the newest line: $(docker logs "$id" | tail -1)"
docker rm "$id" > /dev/null
