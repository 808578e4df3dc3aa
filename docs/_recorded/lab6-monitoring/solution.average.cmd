slow() {
  curl -s -o /dev/null \
    "https://pinboard.localhost:8443/bench/slow?seconds=$1"
}
query() {
  curl -s http://localhost:9090/api/v1/query --data-urlencode "query=$1" \
    | grep -oE '"[0-9.]+"\]' | tr -d '"]'
}
slow 0; sleep 11
for seconds in 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 2 2; do slow $seconds; done
sleep 6
m=http_request_duration_seconds w='{route="/bench/slow"}[30s]'
echo "average: $(query "rate(${m}_sum$w) / rate(${m}_count$w)")"
echo "median:  $(query "histogram_quantile(0.5, rate(${m}_bucket$w))")"
echo "p95:     $(query "histogram_quantile(0.95, rate(${m}_bucket$w))")"
