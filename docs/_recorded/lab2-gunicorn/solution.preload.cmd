for more in '' --preload; do
  echo "GUNICORN_CMD_ARGS=$more" >> .env
  docker compose up -d --wait
  docker compose exec app sh -c 'cat /proc/[0-9]*/smaps_rollup 2>/dev/null' \
    | awk -v m="$more" '/^Pss:/ {kb += $2} END {print "4 workers", m ":", int(kb / 1024), "MB"}'
done
