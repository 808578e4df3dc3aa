try() {
  docker compose exec -T app env -u PYTHONUNBUFFERED python -c "$1" 2>&1 \
    | grep crash || echo "nothing"
}
echo "print:   $(try 'import os; print("about to crash"); os.abort()')"
echo "logging: $(try 'import logging, os
logging.basicConfig(format="%(message)s")
logging.warning("about to crash"); os.abort()')"
