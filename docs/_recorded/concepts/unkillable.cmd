docker compose exec gunicorn sh -c 'kill -9 1; echo "kill said: $?"'
docker compose exec gunicorn ps -o pid,args -p 1
