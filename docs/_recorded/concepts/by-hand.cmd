docker compose exec shell python3 by_hand.py
