#!/bin/sh
# Gets the certificate, and a new one in good time before it expires. Runs for ever.
set -u

# Puts a file where Nginx serves it, lets the ACME server fetch it over HTTP, and gets the certificate
# for that. While the one it has is good for another month, it only says so.
obtain() {
  certbot certonly --non-interactive --agree-tos --register-unsafely-without-email \
    --server "$ACME_SERVER" \
    --webroot --webroot-path /var/www/acme \
    --cert-name "$SITE_NAME" --domain "$SITE_NAME" \
    --keep-until-expiring
}

pause=5 # seconds
while true; do
  if obtain; then
    pause=5
    sleep 12h
  else
    # Not at once, and each time later: Let's Encrypt bars a site for a while that fails too often.
    echo "No certificate. Next attempt in $pause s."
    sleep "$pause"
    pause=$((pause < 1200 ? pause * 3 : 3600))
  fi
done
