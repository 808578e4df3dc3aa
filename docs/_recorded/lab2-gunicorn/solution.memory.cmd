for workers in 1 4 16; do
  echo "WEB_CONCURRENCY=$workers" >> .env
  docker compose up -d --wait
  docker compose exec app sh -c 'cat /proc/[0-9]*/smaps_rollup 2>/dev/null' \
    | awk -v n=$workers '/^Pss:/ {kb += $2} END {print n, "workers:", int(kb / 1024), "MB"}'
done
