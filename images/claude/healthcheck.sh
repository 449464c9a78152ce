#!/bin/bash
# healthcheck [PAUSE]: PAUSE is how many seconds a probe waits before it looks, once the first one has passed; see
# the editor's image.
#
# Healthy: the program runs and is the version that the image says (once after each start), its configuration can
# be read and written, its key is there when one was given, and terminals are let in. Whether the key is a good one
# only the service elsewhere knows: that is not asked.
set -euo pipefail

pause=${1-0}
proof=/run/claude/version
key_file=/run/claude/api-key

unhealthy() {
  echo "$1"
  exit 1
}

# As the user: root would read and write what he cannot.
as_user() {
  setpriv --reuid "$(id -u coder)" --regid "$(id -g coder)" --clear-groups --inh-caps=-all -- "$@"
}

check_version() {
  local wanted found
  wanted=$(</usr/local/lib/claude/version)
  found=$(as_user env HOME=/config timeout 20 claude --version 2>&1) || unhealthy "claude does not run: ${found: -200}"
  [[ $found == "$wanted "* ]] || unhealthy "claude is ${found%% *}, not $wanted"
  printf '%s' "$wanted" >"$proof"
}

check_configuration() {
  local file
  as_user test -w /claude || unhealthy "/claude cannot be written to"
  for file in /claude/.claude.json /claude/settings.json /etc/claude-code/managed-settings.json; do
    [[ ! -s $file ]] || as_user jq empty "$file" 2>/dev/null || unhealthy "$file is not JSON"
  done
  if [[ -e /etc/claude-code/managed-settings.json ]]; then
    as_user test -s "$key_file" || unhealthy "the key is gone"
  fi
  as_user tmux -N -S /config/data/claude.sock show-options -s exit-empty >/dev/null 2>&1 || unhealthy "no terminal is let in"
}

if [[ -e $proof ]]; then sleep "$pause"; else check_version; fi
check_configuration
key="no API key: see docs/claude.md"
[[ ! -s $key_file ]] || key="with an API key"
echo "$(<"$proof"), $key"
