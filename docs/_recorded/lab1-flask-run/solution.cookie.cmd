curl -s -i -d user=ada -d password=pinboard http://localhost:8080/login \
  | grep -i set-cookie
