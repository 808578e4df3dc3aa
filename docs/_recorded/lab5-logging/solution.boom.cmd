curl -s 'https://pinboard.localhost:8443/bench/boom?m=hello'
sleep 1
docker compose logs --no-log-prefix app | grep -o '{.*"level": "error".*' > errors.txt
wc -l errors.txt
python -c 'import json; print(json.loads(open("errors.txt").readline())["exception"])' \
  | tail -3
