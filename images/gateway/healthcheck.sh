#!/bin/bash
# healthcheck [PAUSE]: PAUSE is how many seconds a probe waits before it looks, once the first one
# has passed (default 0); what for is said in the code-server image's health check.
#
# Healthy: HAProxy answers on its health address, which by the program's configuration it does
# with 200 only while at least one editor is up.
set -euo pipefail

pause=${1-0}
# In /dev/shm because that is new with each start and writable in any container.
proof=/dev/shm/answered

# Prints the status code; nothing when there is no answer within three seconds. Bash's own TCP,
# because nothing else in this image would need an HTTP client.
status() {
  local line
  exec 3<>/dev/tcp/127.0.0.1/8404 || return 0
  printf 'GET /health HTTP/1.0\r\n\r\n' >&3
  IFS=' ' read -r -t 3 _ line _ <&3 || return 0
  printf '%s' "$line"
}

if [[ -e $proof ]]; then
  sleep "$pause"
  code=$(status)
else
  deadline=$((SECONDS + 15))
  until code=$(status 2>/dev/null) && [[ $code == 200 ]]; do
    ((SECONDS < deadline)) || break
    sleep 0.2
  done
fi
if [[ $code != 200 ]]; then
  echo "/health answered ${code:-nothing}"
  exit 1
fi
touch "$proof"
