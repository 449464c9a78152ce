#!/bin/bash
# Checks the settings, starts joining the tailnet beside it, becomes tailscaled as a user without
# any privilege. Needs root with DAC_OVERRIDE, SETUID and SETGID: the key's file belongs to whoever
# runs Pulumi. Ends with code 78 (EX_CONFIG) and one line on what to change when a setting is wrong.
set -euo pipefail

fail() {
  printf 'tailscale image: %s\n' "$1" >&2
  exit 78
}

[[ $EUID == 0 ]] || fail "must be started as root (no --user): it gives up root by itself."
[[ ${TS_HOSTNAME-} =~ ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$ ]] ||
  fail "TS_HOSTNAME must be a DNS label, the node's name in the tailnet."
[[ ${TS_LOGIN_SERVER-} =~ ^https?://[^/[:space:]]+$ ]] ||
  fail "TS_LOGIN_SERVER must be the address of the control server, without a path."
[[ ${TS_ACCEPT_DNS-} =~ ^(true|false)$ ]] || fail "TS_ACCEPT_DNS must be true or false."
[[ ${TS_SERVE_TARGET-} =~ ^([a-z0-9-]+:[0-9]+)?$ ]] ||
  fail "TS_SERVE_TARGET must be HOST:PORT, or empty to serve nothing."
runuser=(setpriv --reuid=tailscale --regid=tailscale --clear-groups --inh-caps=-all --no-new-privs)
"${runuser[@]}" test -w /var/lib/tailscale ||
  fail "/var/lib/tailscale must belong to user 1000: it keeps who this node is."

# Go reads one file of authorities: the system's and, where there is one, the control server's.
export SSL_CERT_FILE=/run/certificates.pem
{ cat /etc/ssl/certs/ca-certificates.crt; printf '%s\n' "${TS_CONTROL_AUTHORITY-}"; } >"$SSL_CERT_FILE"

/usr/local/lib/tailscale/join &

# No capability is left to it. Nothing of what it logs goes to Tailscale's servers.
exec "${runuser[@]}" tini -- tailscaled \
  --tun=userspace-networking \
  --statedir=/var/lib/tailscale \
  --socket=/run/tailscale/tailscaled.sock \
  --no-logs-no-support
