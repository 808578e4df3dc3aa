docker compose exec shell python3 ask.py http://uvicorn:8000/block 10
