docker compose exec shell curl -si --retry 9 --retry-connrefused http://tiny:8000/healthz
