docker compose exec --user root app \
  sed -i 's/"gunicorn.error": {/&"handlers": ["stdout"], /' logging_config.py
docker compose restart app
sleep 3
docker compose logs --since 5s --no-log-prefix app | grep Listening \
  | sed -E 's/.*T([0-9:.]+).*"message": "(.*)".*/\1 \2/'
docker compose up -d --force-recreate --wait app
