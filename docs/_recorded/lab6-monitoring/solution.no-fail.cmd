for word in --silent --fail; do
  docker compose exec -T proxy \
    curl --silent $word --output /dev/null http://app:8000/bench/boom
  echo "curl $word ends with $?"
done
