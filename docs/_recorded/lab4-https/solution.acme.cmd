docker compose logs --no-log-prefix acme \
  | grep -oE '[0-9:]{8} (POST /[A-Za-z-]+|Attempting.*//[^:]*|Issued .{11})'
