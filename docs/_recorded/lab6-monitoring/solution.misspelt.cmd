sed -i 's/status=~/code=~/' prometheus/rules.yml
docker compose exec -T prometheus promtool check rules \
  /etc/prometheus/rules.yml 2>&1
docker compose exec -T prometheus promtool test rules \
  /etc/prometheus/rules.test.yml 2>&1 | grep -E 'FAILED|name:|got:' | head -4
