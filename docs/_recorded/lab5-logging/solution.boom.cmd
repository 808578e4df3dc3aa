curl -s 'https://pinboard.localhost:8443/bench/boom?m=hello'
sleep 1
docker compose logs --since 5s --no-log-prefix app \
  | grep -o '{.*"level": "error".*' > /tmp/errors.txt
echo "lines: $(wc -l < /tmp/errors.txt)"
python -c 'import json; print(json.loads(open("/tmp/errors.txt").readline())["exception"])' \
  | tail -3
