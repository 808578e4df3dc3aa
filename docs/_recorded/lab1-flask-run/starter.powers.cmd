docker compose exec app sh -c \
  'echo "# a stranger was here" >> wsgi.py && tail -n 1 wsgi.py' 2>&1
docker compose exec app grep CapEff /proc/self/status
