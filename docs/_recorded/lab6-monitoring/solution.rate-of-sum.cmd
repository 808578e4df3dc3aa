docker compose exec -T prometheus sh -c '
cat > /tmp/sum.yml << END
groups: [{name: sum, rules: [{record: visits, expr: sum(visits_total)}]}]
END
cat > /tmp/test.yml << END
rule_files: [sum.yml]
evaluation_interval: 5s
tests:
- interval: 5s
  input_series: # worker b starts anew after a minute
  - {series: "visits_total{worker=\"a\"}", values: "0+10x24"}
  - {series: "visits_total{worker=\"b\"}", values: "1000+10x12 0+10x11"}
  promql_expr_test:
  - {expr: "sum(rate(visits_total[30s]))", eval_time: 75s}
  - {expr: "rate(visits[30s])", eval_time: 75s}
END
promtool test rules /tmp/test.yml' 2>&1 | grep -E "expr|got"
