#!/bin/sh
# Only for this course: what the ACME server proves its own name with. certbot is told to trust exactly this.
set -eu
[ -e /key/cert.pem ] && exit 0
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 \
  -subj "/CN=acme" -addext "subjectAltName=DNS:acme" -addext "keyUsage=critical,digitalSignature,keyCertSign" \
  -keyout /key/key.pem -out /key/cert.pem
