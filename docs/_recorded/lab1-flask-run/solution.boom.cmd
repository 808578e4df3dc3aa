curl -s 'http://localhost:8080/bench/boom?m=hello'
