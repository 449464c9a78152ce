#!/bin/bash
# Puts the pinned Node.js and npm into /opt/node and /opt/npm. Both come from the npm registry, so
# that a build needs no other download host.
set -euo pipefail

case "$(dpkg --print-architecture)" in
  amd64) cpu=x64 ;;
  arm64) cpu=arm64 ;;
  *)
    echo "No Node.js package for $(dpkg --print-architecture): amd64 and arm64 only." >&2
    exit 1
    ;;
esac

download=$(mktemp --directory)
cd "$download"
# pack, not install: Debian's npm may not install an npm that asks for a newer Node than its own.
npm pack --loglevel=error "node-linux-$cpu@$NODE_VERSION" "npm@$NPM_VERSION"
mkdir /opt/node /opt/npm
tar --extract --strip-components=1 --directory /opt/node --file node-linux-*.tgz
tar --extract --strip-components=1 --directory /opt/npm --file npm-*.tgz
rm -r "$download" /root/.npm
chmod +x /opt/npm/bin/npm-cli.js
ln --symbolic ../../npm/bin/npm-cli.js /opt/node/bin/npm
