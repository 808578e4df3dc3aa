docker compose logs --no-log-prefix proxy \
  | sed -nE 's/.*(GET .*challenge.{5})[^ ]* (.*) "-" (.*) "-"/\1... \2 \3/p'
