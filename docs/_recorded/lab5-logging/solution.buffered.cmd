crash='import os; print("about to crash"); os.abort()'
echo "held back: $(docker compose exec -T app env -u PYTHONUNBUFFERED python -c "$crash")"
echo "unbuffered: $(docker compose exec -T app python -c "$crash")"
