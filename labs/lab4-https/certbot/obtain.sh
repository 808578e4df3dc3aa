#!/bin/sh
# Gets the certificate, and a new one in good time before it expires. Yours to write: so far it only waits.
while true; do
  sleep 12h
done
