docker compose exec proxy ls -lL /etc/nginx/tls/
