curl -s -o /dev/null -D - http://localhost:8080/static/app.css \
  | grep -i -E 'server|cache-control|content-disposition'
