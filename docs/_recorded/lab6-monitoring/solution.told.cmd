docker compose restart webhook; sleep 2
docker compose stop app
until curl -s http://localhost:9095/ | grep -q firing; do sleep 1; done
docker compose start app
until curl -s http://localhost:9095/ | grep -q resolved; do sleep 1; done
curl -s http://localhost:9095/
