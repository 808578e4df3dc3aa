#!/bin/sh
# Do visitors get the certificate that certbot holds? Exit code 0 when they do.
fingerprint() { openssl x509 -noout -fingerprint -sha256; }

held=$(fingerprint <"/etc/letsencrypt/live/$SITE_NAME/cert.pem") || exit 1
served=$(openssl s_client -connect proxy:443 -servername "$SITE_NAME" </dev/null 2>/dev/null | fingerprint) || exit 1
[ "$held" = "$served" ]
