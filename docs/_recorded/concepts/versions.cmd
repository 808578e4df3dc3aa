docker compose exec shell pip list 2>/dev/null \
  | grep -Ei "gunicorn|waitress|uvicorn|flup"
docker compose exec shell dpkg-query -W -f '${Package} ${Version}\n' \
  uwsgi-core libapache2-mod-wsgi-py3 nginx supervisor
