for workers in 1 4 16; do
  echo "WEB_CONCURRENCY=$workers" >> .env
  docker compose up -d --wait
  echo "$workers workers: $(docker compose exec app sh -c 'cat /proc/[0-9]*/smaps_rollup 2>/dev/null' | awk '/^Pss:/ {kb += $2} END {print int(kb / 1024)}') MB"
done
