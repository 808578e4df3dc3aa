#!/bin/sh
# HAProxy wants key and chain in one file. A placeholder first; the real one as soon as it is there, and every later one.
set -eu
umask 077
issued=/etc/letsencrypt/live/$SITE_NAME
both=/etc/haproxy/tls/site.pem

take() { # the pair that certbot has now, if key and certificate belong together
  cat "$issued/fullchain.pem" "$issued/privkey.pem" >"$both.new" 2>/dev/null || return 1
  [ "$(openssl pkey -in "$both.new" -pubout)" = "$(openssl x509 -in "$both.new" -noout -pubkey)" ] || return 1
  ! cmp -s "$both.new" "$both" && mv "$both.new" "$both"
}

if ! take && [ ! -e "$both" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 \
    -subj "/CN=$SITE_NAME" -addext "subjectAltName=DNS:$SITE_NAME" -keyout /tmp/key -out "$both" 2>/dev/null
  cat /tmp/key >>"$both"
fi
while sleep 1; do if take; then kill -USR2 1; fi; done &
exec haproxy -W -f /etc/haproxy/haproxy.cfg
