sed -i 's/0\.0\.0\.0/127.0.0.1/' Dockerfile
docker compose build --quiet
docker compose up -d --wait
sleep 5
curl -s http://localhost:8080/healthz
echo "from outside: curl ends with code $?"
docker compose exec app python -c \
  'from urllib.request import urlopen; print("inside: status", urlopen("http://127.0.0.1:8000/healthz").status)'
