#!/bin/sh
# Nginx does not start without a certificate, and certbot gets none before Nginx answers. So Nginx starts with
# a certificate that nobody trusts, and takes the real one as soon as it is there: the first, and every later one.
set -eu

issued=/etc/letsencrypt/live/$SITE_NAME # certbot's, a link to the newest
tls=/etc/nginx/tls                      # a link, too: default.conf takes both files from here

make_placeholder() {
  mkdir -p /etc/nginx/placeholder
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 \
    -subj "/CN=$SITE_NAME" -addext "subjectAltName=DNS:$SITE_NAME" \
    -keyout /etc/nginx/placeholder/privkey.pem -out /etc/nginx/placeholder/fullchain.pem 2>/dev/null
}

# Empty while there is no certificate; another text for each certificate.
newest() { sha256sum "$issued/fullchain.pem" 2>/dev/null || true; }

# Reloading costs no visitor anything: the old workers finish what they began, new ones take new connections.
# Only with a configuration that works: between two of certbot's files, key and certificate do not match yet.
reload_when_renewed() {
  while sleep 1; do
    now=$(newest)
    if [ -n "$now" ] && [ "$now" != "$served" ]; then
      ln -sfn "$issued" "$tls"
      if nginx -t -q && nginx -s reload; then served=$now; fi
    fi
  done
}

served=$(newest)
if [ -n "$served" ]; then
  ln -sfn "$issued" "$tls"
else
  umask 077 # keys are for their owner's eyes
  make_placeholder
  ln -sfn /etc/nginx/placeholder "$tls"
fi
reload_when_renewed &
