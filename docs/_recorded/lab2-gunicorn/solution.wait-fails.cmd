sed -i 's/wsgi:app/wsgi:nothing/' Dockerfile
docker compose up -d --build --wait > /dev/null 2>&1
echo "exit code $?"
docker compose up -d > /dev/null 2>&1
echo "without --wait: exit code $?"
