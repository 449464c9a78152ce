#!/bin/bash
# Builds tailscaled TAILSCALE_VERSION, with the command in it, into /opt/tailscale.
set -euo pipefail

# What a node in userspace that only serves a gateway has no use for. Without the routing features
# it cannot lead anybody into an environment's networks, whatever its settings say.
# Not left out, though they look like it: logtail, without which 1.90.9 crashes when it starts, and
# outboundproxy, which brings `tailscale nc`.
omitted=(
  acme advertiseexitnode advertiseroutes appconnectors aws bird captiveportal capture clientupdate
  cloud completion dbus debugeventbus debugportmapper desktop_sessions doctor drive
  identityfederation iptables kube linkspeed linuxdnsfight listenrawdisco networkmanager oauthkey
  osrouter portlist portmapper posture relayserver resolved sdnotify ssh synology
  syspolicy systray taildrop tap tpm useexitnode useroutes wakeonlan webclient
)
tags=ts_include_cli
for feature in "${omitted[@]}"; do tags+=,ts_omit_$feature; done

# The stamps are what `tailscale version` says; a module has no commit to tell it by.
stamp=tailscale.com/version
GOBIN=/opt/tailscale go install -tags "$tags" \
  -ldflags "-s -w -X $stamp.longStamp=$TAILSCALE_VERSION -X $stamp.shortStamp=$TAILSCALE_VERSION" \
  "tailscale.com/cmd/tailscaled@v$TAILSCALE_VERSION"

# That it runs, as both of what it is.
found=$(/opt/tailscale/tailscaled --version | head -n 1)
[[ $found == "$TAILSCALE_VERSION" ]] || { echo "built ${found:-nothing}" >&2; exit 1; }
ln -s tailscaled /opt/tailscale/tailscale
/opt/tailscale/tailscale version
