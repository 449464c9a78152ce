#!/bin/bash
# Checks the configuration that the program has put in, then becomes HAProxy.
# Ends with code 78 (EX_CONFIG) when it is missing or wrong.
set -euo pipefail

image=/usr/local/lib/gateway/image.cfg
configuration=/usr/local/etc/haproxy/haproxy.cfg

fail() {
  printf 'gateway image: %s\n' "$1" >&2
  exit 78
}

[[ -f $configuration ]] || fail "no $configuration: it has to be put into the container."
[[ -s $configuration ]] || fail "$configuration is empty."
reasons=$(haproxy -c -f "$image" -f "$configuration" 2>&1) ||
  fail "HAProxy refuses $configuration:"$'\n'"$reasons"

# In the foreground and without a master process, which would stay root.
exec haproxy -db -f "$image" -f "$configuration"
