#!/bin/sh
# Prepares the container, then becomes the command: nginx must be process 1 to receive the stop signal.
# A *.sh in /docker-entrypoint.d runs; a *.envsh is read in, so that what it exports reaches the command.
set -e

if [ -z "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ]; then note() { echo "$0: $*"; }; else note() { :; }; fi

case "$1" in
  nginx | nginx-debug)
    # shellcheck disable=SC1090 # which files there are, the image decides
    for script in /docker-entrypoint.d/*; do
      case "$script" in
        *.envsh | *.sh) if [ ! -x "$script" ]; then note "not executable, ignored: $script" && continue; fi ;;
      esac
      case "$script" in
        *.envsh) note "reading $script" && . "$script" ;;
        *.sh) note "running $script" && "$script" ;;
      esac
    done
    ;;
esac

exec "$@"
