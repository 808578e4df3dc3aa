for size in 9000000 11000000; do
  head -c $size /dev/zero \
    | curl -s -o /dev/null \
      -w "$size bytes: status %{http_code}\n" --data-binary @- \
        http://localhost:8080/bench/upload
done
