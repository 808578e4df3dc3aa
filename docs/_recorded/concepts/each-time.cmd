docker compose exec shell python3 each_time.py
