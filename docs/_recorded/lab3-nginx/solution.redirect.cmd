curl -s -i http://localhost:8080/bench/redirect | grep -i location
