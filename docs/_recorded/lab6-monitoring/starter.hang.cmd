docker compose exec -T app python -c "import os, signal
os.kill(-1, signal.SIGSTOP)"
docker compose exec -T app python -c "import socket
socket.create_connection(('127.0.0.1', 8000), timeout=3)"
echo "the health check ends with $?"
curl -s -m 3 -o /dev/null https://pinboard.localhost:8443/
echo "curl ends with $?"
