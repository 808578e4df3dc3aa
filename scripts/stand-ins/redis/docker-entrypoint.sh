#!/bin/sh
# Options alone, or a configuration file, mean the server. As root it hands /data to the user redis and becomes that user.
set -e

case "${1:-}" in
  -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec setpriv --reuid redis --regid redis --clear-groups "$0" "$@"
fi

# Others cannot read what is written here.
if [ "$(umask)" = 0022 ]; then umask 0077; fi

# The official image is compiled with this default. A configuration file, or the command itself, may say otherwise.
if [ "$1" = redis-server ]; then
  case "$*" in
    *.conf* | *protected-mode*) ;;
    *) set -- "$@" --protected-mode no ;;
  esac
fi

exec "$@"
