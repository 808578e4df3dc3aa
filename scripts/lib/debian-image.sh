# shellcheck shell=bash
# The root of every stand-in: a minimal Debian 13, made by debootstrap from this machine's own mirror. It stands for
# debian:trixie-slim, which the official python and nginx images are built on.

readonly DEBIAN_IMAGE=debian:trixie-slim

# shellcheck disable=SC2154 # `here` is the folder of the script that reads this
debian_fingerprint() { sha256sum <"$here/lib/debian-image.sh" | cut -c 1-16; }

ensure_debian_image() {
  local root mirror former
  case "$(state_of "$DEBIAN_IMAGE")" in
    real | "$(debian_fingerprint)") return ;;
  esac
  former=$(id_of "$DEBIAN_IMAGE")
  say "making $DEBIAN_IMAGE with debootstrap: the stand-ins are built on it"
  quietly apt-get update # what apt has no list of yet (often: security) would be missing in the image
  have debootstrap || apt_install debootstrap
  make_scratch
  # shellcheck disable=SC2154 # make_scratch sets it
  root=$scratch/root
  mirror=$(debian_mirror)
  # apt's proxy is debootstrap's too; it looks for it in the environment.
  eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
  http_proxy=${http_proxy:-} quietly debootstrap --variant=minbase --include=ca-certificates "$NEXT_SUITE" "$root" "$mirror"
  behave_like_a_container "$root"
  trust_what_the_host_trusts "$root"
  fetch_like_the_host "$root"
  tar --create --directory "$root" --numeric-owner --one-file-system . | docker import \
    --change 'CMD ["bash"]' \
    --change "LABEL stand-in=true stand-in.for=$DEBIAN_IMAGE stand-in.definition=$(debian_fingerprint)" \
    --change "LABEL org.opencontainers.image.description=\"Stand-in for $DEBIAN_IMAGE, made by debootstrap\"" \
    - "$DEBIAN_IMAGE" >/dev/null
  drop_former "$DEBIAN_IMAGE" "$former"
}

# As in the official slim image: packages start no services, leave no downloads and bring no manuals.
behave_like_a_container() {
  local root=$1
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  cat >"$root/etc/apt/apt.conf.d/docker-clean" <<'CONF'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin"; };
Acquire::Languages "none";
CONF
  cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<'CONF'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
CONF
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$root"/usr/share/{man,info,locale}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* \
    "$root"/var/log/{bootstrap.log,dpkg.log,apt,alternatives.log}
  : >"$root/etc/resolv.conf"
  : >"$root/etc/hostname"
}

# Some hosts reach package registries through a certificate authority of their own. Only what Debian does not trust
# already is added, in the place from which a later update-ca-certificates keeps it.
trust_what_the_host_trusts() {
  local root=$1 host_bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
  [ -r "$host_bundle" ] || return 0
  awk -v folder="$root/usr/local/share/ca-certificates" '
    /-----BEGIN CERTIFICATE-----/ { pem = "" }
    { pem = pem $0 "\n" }
    /-----END CERTIFICATE-----/ {
      if (NR == FNR) known[pem] = 1
      else if (!(pem in known)) { known[pem] = 1; file = folder "/host-" ++count ".crt"; printf "%s", pem >file; close(file) }
    }' "$root/etc/ssl/certs/ca-certificates.crt" "$host_bundle"
  quietly chroot "$root" update-ca-certificates
}

# apt and pip inside a build need what they need outside: the same mirror, proxy and index.
fetch_like_the_host() {
  local root=$1
  next_suite_sources | sed 's/.*/deb & main/' >"$root/etc/apt/sources.list"
  apt-config dump Acquire | grep -E '^Acquire::(Check-|https?::(Proxy|Verify))' >"$root/etc/apt/apt.conf.d/host" || :
  # Only addresses: a folder of this host means nothing in a container.
  python3 -m pip config list 2>/dev/null |
    sed -nE "s/^(global|install|:env:)\.(index-url|extra-index-url|trusted-host)='(.*)'\$/\2 = \3/p" |
    grep -v ' = file:' >"$root/etc/pip.conf.part" || :
  if [ -s "$root/etc/pip.conf.part" ]; then
    { echo '[global]' && cat "$root/etc/pip.conf.part"; } >"$root/etc/pip.conf"
  fi
  rm "$root/etc/pip.conf.part"
}
