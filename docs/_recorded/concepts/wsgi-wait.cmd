docker compose exec shell python3 ask.py http://waiting:8000/ 10
