#!/bin/bash
# healthcheck [PAUSE]: PAUSE is how many seconds a probe waits before it looks, once the first one
# has passed (default 0); what for is said in the code-server image's health check.
#
# Healthy: tailscaled says Running, and the node serves what it has to. Not `tailscale status`,
# which ends well also when the node is logged out.
set -euo pipefail

pause=${1-0}
joined=/run/tailscale/joined
problem=/run/tailscale/problem

state() {
  tailscale --socket=/run/tailscale/tailscaled.sock status --json --peers=false 2>/dev/null |
    sed --quiet 's/^  "BackendState": "\(.*\)",$/\1/p'
}

unhealthy() {
  echo "$1"
  exit 1
}

settled() {
  [[ -e $joined || -e $problem ]]
}

if settled; then
  sleep "$pause"
else
  deadline=$((SECONDS + 15))
  until settled || ((SECONDS >= deadline)); do sleep 0.2; done
fi
now=$(state) || now=""
[[ ! -e $problem ]] || unhealthy "$(<"$problem")"
[[ $now == Running ]] || unhealthy "the node is not in its tailnet: ${now:-tailscaled does not answer}"
[[ -e $joined ]] || unhealthy "the node is being set up"
