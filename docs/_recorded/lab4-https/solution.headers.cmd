for path in / /static/app.css /nothing-here /static/nothing-here; do
  echo "$path"
  curl -s -o /dev/null -D - https://pinboard.localhost:8443$path \
    | grep -i -E '^(HTTP|strict|x-content)'
done
