cat > start.sh <<'EOF'
#!/bin/sh
gunicorn --config gunicorn.conf.py wsgi:app
EOF
sed -i -e '/^USER/i COPY start.sh ./' -e 's/^CMD.*/CMD ["sh", "start.sh"]/' Dockerfile
for first in '' 'exec '; do
  sed -i "s/^gunicorn/${first}gunicorn/" start.sh
  tail -n 1 start.sh
  docker compose build --quiet
  docker compose up -d --wait
  docker compose exec app sh -c 'tr "\0" " " < /proc/1/cmdline; echo'
  before=$(date +%s)
  docker compose stop app
  echo "$(($(date +%s) - before)) s"
  docker compose ps --all --format 'table {{.Status}}' | tail -n 1
done
