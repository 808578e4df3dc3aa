# shellcheck shell=bash
# What every script here shares: how it speaks and how it gives up.

readonly EXIT_CANNOT=3 # the grader's code for "could not grade": this host cannot do what was asked

me=$(basename "$0")

# One plain line: what is done, and why.
say() { printf '%s: %s\n' "$me" "$*"; }

# One paragraph that names the thing, the place and the next action; then the end.
give_up() {
  printf '\n%s: %s\n' "$me" "$*" >&2
  exit "$EXIT_CANNOT"
}

have() { command -v "$1" >/dev/null 2>&1; }

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# Runs a noisy command in silence; shows the end of what it wrote, and gives up, when it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" </dev/null >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    rm -f "$log"
    give_up "this failed: $*
The end of what it wrote is above. Mend what it names (often the network or a full disk), then run this again."
  fi
  rm -f "$log"
}
