sed -i 's/^CMD.*/CMD gunicorn --config gunicorn.conf.py wsgi:app/' Dockerfile
docker compose build --quiet
docker compose up -d --wait
docker compose exec app sh -c 'tr "\0" " " < /proc/1/cmdline; echo'
before=$(date +%s)
docker compose stop app
echo "$(($(date +%s) - before)) s"
docker compose ps --all --format 'table {{.Status}}' | tail -n 1
