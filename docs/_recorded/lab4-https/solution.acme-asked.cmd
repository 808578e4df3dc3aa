docker compose logs --no-log-prefix proxy | grep acme-challenge \
  | sed -E 's/.*"(GET .*challenge.{5})[^ ]* HTTP[^ ]* (.*) "-" "(.*) .l.*/\1... \2 \3/'
