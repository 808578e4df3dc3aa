me() { curl -s -o /dev/null -A me "$@"; }
site=https://pinboard.localhost:8443
me $site/
me $site/static/app.css
head -c 11000000 /dev/zero | me --data-binary @- $site/notes
docker compose stop app
me $site/me
docker compose start app
sleep 1
seen() {
  grep -oE '"path": ?"[^"]*", ?"status": ?[0-9]+' \
    | sed -E 's/"(path|status)": ?//g; s/[",]//g; s/ *([0-9]+)$/ \1/'
}
echo 'Nginx:'
docker compose logs --since 30s --no-log-prefix proxy | grep '"me"}' | seen
echo 'the app:'
docker compose logs --since 30s --no-log-prefix app | seen
