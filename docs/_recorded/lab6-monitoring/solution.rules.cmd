docker compose exec -T prometheus promtool test rules \
  /etc/prometheus/rules.test.yml 2>&1
