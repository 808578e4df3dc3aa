visit() {
  while true; do
    curl -s -o /dev/null https://pinboard.localhost:8443/bench/boom
    curl -s -o /dev/null https://pinboard.localhost:8443/bench/whoami
    sleep 0.5
  done
}
docker compose restart webhook; sleep 12
visit &
until curl -s http://localhost:9095/ | grep -q firing; do sleep 1; done
kill $!
until curl -s http://localhost:9095/ | grep -q resolved; do sleep 1; done
curl -s http://localhost:9095/
