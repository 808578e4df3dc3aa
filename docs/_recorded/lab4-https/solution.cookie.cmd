curl -s -i -d user=ada -d password=pinboard \
  https://pinboard.localhost:8443/login | grep -i set-cookie | cut -d ';' -f 2-
