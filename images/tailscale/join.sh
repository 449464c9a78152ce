#!/bin/bash
# Logs the node in where that has not been done, and sets what the environment asks of it. Runs once
# beside tailscaled; /run/tailscale/joined says that it is done, /run/tailscale/problem why not yet.
set -euo pipefail

socket=/run/tailscale/tailscaled.sock
key=/run/secrets/tailscale-key
problem=/run/tailscale/problem

control() {
  tailscale --socket="$socket" "$@"
}

# NoState until tailscaled has read its state; nothing before it listens.
state() {
  control status --json --peers=false 2>/dev/null |
    sed --quiet 's/^  "BackendState": "\(.*\)",$/\1/p'
}

# What tailscaled itself says is wrong, such as the last answer of the control server; one line.
complaints() {
  control status --json --peers=false 2>/dev/null |
    sed --quiet '/^  "Health": \[$/,/^  \]/ s/^    "\(.*\)",\?$/\1/p' | paste --serial --delimiters=' '
}

note() {
  printf '%s\n' "$1" >"$problem.new"
  mv "$problem.new" "$problem"
  printf 'tailscale image: %s\n' "$1" >&2
}

# Everything that is not named goes back to its default: the settings are the environment's alone.
bring_up() {
  local now=$1 words
  local arguments=(
    --reset --timeout=60s --hostname="$TS_HOSTNAME" --accept-dns="$TS_ACCEPT_DNS"
    --login-server="$TS_LOGIN_SERVER"
  )
  # A key is for nodes that are not logged in: most of them work once only.
  if [[ $now == NeedsLogin ]]; then
    if [[ ! -e $key ]]; then
      note "waits for an auth key."
      return 1
    fi
    arguments+=(--force-reauth --auth-key="file:$key")
  fi
  words=$(control up "${arguments[@]}" 2>&1) && return
  note "cannot join the tailnet of $TS_LOGIN_SERVER: $(tail -n 1 <<<"$words") $(complaints)"
  # Left alone, tailscaled offers a refused key again and again, several times a second.
  [[ $words != *"backend error"* ]] || control down >/dev/null
  return 1
}

# Bytes as they come: TLS is the gateway's own, with the certificate of the environment.
serve() {
  local configuration='{}'
  [[ -z $TS_SERVE_TARGET ]] ||
    configuration="{\"TCP\":{\"443\":{\"TCPForward\":\"$TS_SERVE_TARGET\"}}}"
  control serve set-raw <<<"$configuration"
}

until now=$(state) && [[ -n $now && $now != NoState ]]; do sleep 0.2; done
pause=10
until bring_up "$now"; do
  # Without a key there is nothing to try again: one comes with another container.
  [[ -e $key || $now != NeedsLogin ]] || exit 0
  sleep "$pause"
  pause=$((pause < 300 ? pause * 2 : 300))
  now=$(state) || now=""
done
serve
rm -f "$problem"
touch /run/tailscale/joined
