# shellcheck shell=bash
# Debian without a registry: where packages come from. Every address is read from this machine's own apt
# configuration, so a local mirror or a proxy is used without being named anywhere.

readonly NEXT_SUITE=trixie # Debian 13: the first with Compose v2, and the release that python:3.13-slim is built on

# Debian 12 or 13 with root rights: the only kind of host that these scripts install anything on.
is_bare_debian() {
  [ "$(id -u)" = 0 ] && have apt-get && [ -r /etc/os-release ] || return 1
  case "$(. /etc/os-release && printf '%s-%s' "$ID" "${VERSION_ID:-}")" in
    debian-12 | debian-13) return 0 ;;
    *) return 1 ;;
  esac
}

# The sources of this machine's own release, as `URI SUITE` lines with the suite moved on to Debian 13:
# release, updates and security, as far as this machine has them. apt reads .list and .sources files for us.
next_suite_sources() {
  local codename rows
  codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  rows=$(list_own_sources "$codename")
  if [ -z "$rows" ]; then # apt learns code names from the lists
    quietly apt-get update
    rows=$(list_own_sources "$codename")
  fi
  [ -n "$rows" ] || give_up "apt has no source for Debian $codename main. Look at /etc/apt/sources.list and" \
    "/etc/apt/sources.list.d/, run \`apt-get update\`, then run this again."
  printf '%s\n' "${rows//"$codename"/$NEXT_SUITE}"
}

list_own_sources() {
  apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' -v codename="$1" '$1 == "Debian" && $2 == "main" && index($3, codename) == 1 { print $4, $3 }' | sort -u
}

# The URI of the mirror that serves the release itself, which debootstrap starts from.
debian_mirror() { next_suite_sources | awk -v suite="$NEXT_SUITE" '$2 == suite { print $1; exit }'; }

# Installs packages of this machine's own release. The lists are refreshed only when that fails: apt does not know
# a package, or the lists are so old that the mirror has dropped the version they name.
apt_install() {
  local install=(apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=120 "$@")
  export DEBIAN_FRONTEND=noninteractive
  if "${install[@]}" </dev/null >/dev/null 2>&1; then return 0; fi
  quietly apt-get update
  quietly "${install[@]}"
}

# A folder in $scratch that is gone when the script ends; what debootstrap mounts in it is not followed.
make_scratch() {
  scratch=$(mktemp -d -p /var/tmp) # not /tmp, which may be mounted without device files
  trap 'rm -rf --one-file-system "$scratch"' EXIT
}

# Downloads packages of Debian 13 into a folder. apt is given a private world (lists, cache, sources), so the system
# keeps its own lists and cannot be upgraded to the next suite by accident.
download_from_next_suite() {
  local folder=$1
  shift
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  next_suite_sources |
    sed "s|.*|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] & main|" >"$folder/sources.list"
  local private=(
    -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder/cache"
    -o APT::Sandbox::User=root # the folder is private to root: the _apt user could not write into it
  )
  quietly apt-get "${private[@]}" update
  (cd "$folder" && quietly apt-get "${private[@]}" download "$@")
}
