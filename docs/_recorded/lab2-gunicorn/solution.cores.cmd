cpu() {
  docker compose exec app sh -c 'cat /proc/[0-9]*/stat' \
    | awk '{ticks += $14 + $15} END {print ticks}'
}
for workers in 1 4 16; do
  echo "WEB_CONCURRENCY=$workers" >> .env
  docker compose up -d --wait
  sleep 25
  before=$(cpu)
  curl -s --no-progress-meter -o /dev/null \
    --parallel --parallel-max 32 \
    'http://localhost:8080/?n=[1-250]'
  echo "$workers workers: $((($(cpu) - before) * 10)) ms of computing"
done
