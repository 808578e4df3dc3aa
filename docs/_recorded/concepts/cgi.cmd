docker compose exec \
  --env REQUEST_METHOD=GET --env PATH_INFO=/healthz \
  --env SERVER_NAME=localhost --env SERVER_PORT=8000 \
  --env SERVER_PROTOCOL=HTTP/1.1 shell python3 pinboard.cgi
