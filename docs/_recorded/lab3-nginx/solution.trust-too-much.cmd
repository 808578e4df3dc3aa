docker compose exec --user root app python -c '
from pathlib import Path
file = Path("wsgi.py")
file.write_text(file.read_text().replace("x_proto=1", "x_proto=1, x_host=1"))'
docker compose exec app sh -c 'kill -HUP 1'
sleep 3
curl -s -H 'X-Forwarded-Host: evil.example' http://localhost:8080/bench/whoami \
  | python -m json.tool | grep url_external
