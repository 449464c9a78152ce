#!/bin/bash
# healthcheck [PAUSE]: PAUSE is how many seconds a probe waits before it looks, once the first one
# has passed (default 0; the probe's timeout must be longer). Engine 20.10 knows one interval, which
# is both the wait before the first probe and the pause between the others: with a short interval
# and a PAUSE, a container is healthy at once and costs little afterwards.
#
# Healthy: code-server answers, and once after each start, that it lets nobody in without a login.
# Not every time: each request but /healthz counts as activity and would keep the editor from ever
# being idle. /healthz alone answers 200 also with the login off or the editor broken; / loads the
# editor before it redirects.
set -euo pipefail

pause=${1-0}
address=http://127.0.0.1:8443
proof=/run/code-server/login-required

# Prints the status and, for a redirect, its target. Without an answer the status is 000, which
# says all that curl's exit code does.
answer_of() {
  curl --silent --noproxy '*' --max-time "$2" --output /dev/null \
    --write-out '%{http_code} %{redirect_url}' "$address$1" || return 0
}

unhealthy() {
  echo "$1"
  exit 1
}

# The first probe waits for the server, because another probe costs far more than another look:
# measured 0.1 s of CPU, three quarters of it the engine's.
wait_for_start() {
  local health front deadline=$((SECONDS + 15))
  until health=$(answer_of /healthz 5) && [[ $health == "200 "* ]]; do
    ((SECONDS < deadline)) || unhealthy "/healthz answered ${health%% *} during the start"
    sleep 0.2
  done
  front=$(answer_of / 15)
  [[ $front =~ ^302\ $address/login($|\?) ]] ||
    unhealthy "/ without a login answered ${front%% *} instead of a redirect to the login page"
  touch "$proof"
}

check_again() {
  local health
  sleep "$pause"
  health=$(answer_of /healthz 5)
  [[ $health == "200 "* ]] || unhealthy "/healthz answered ${health%% *}"
}

if [[ -e $proof ]]; then check_again; else wait_for_start; fi
