docker compose restart webhook; sleep 2
docker compose stop app
sleep 40
curl -s http://localhost:9095/
docker compose start app
