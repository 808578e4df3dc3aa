sleep 6
curl -s http://localhost:9090/api/v1/targets \
  | grep -oE 'dial tcp [0-9.:]+ connect: [a-z ]+'
