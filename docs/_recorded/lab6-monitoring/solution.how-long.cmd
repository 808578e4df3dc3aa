sleep 15
docker compose kill app
start=$(date +%s)
until curl -s http://localhost:9095/ | grep -q firing; do sleep 0.2; done
echo "told after $(($(date +%s) - start)) seconds"
docker compose start app
