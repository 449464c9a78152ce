#!/bin/bash
# Installs code-server CODE_SERVER_VERSION into /opt/code-server with the dependency versions that
# its publisher locked.
set -euo pipefail

download=$(mktemp --directory)
mkdir /opt/code-server
cd "$download"
npm pack --loglevel=error "code-server@$CODE_SERVER_VERSION"
tar --extract --strip-components=1 --directory /opt/code-server --file code-server-*.tgz

# npm ignores the lock file of a package that it installs as a dependency, and took newer versions
# of five packages; as the root project the same lock file is binding.
cd /opt/code-server
# Scripts run only for packages named here or in code-server's own lists; an unknown one is an
# error, because a native module that was skipped shows only when the editor needs it.
npm pkg set --json allowScripts.argon2=true
export npm_config_strict_allow_scripts=true
# Headers and the like are beside the binary; node-gyp would download them.
export npm_config_nodedir=/opt/node
# code-server up to 4.133 refuses to run its postinstall as root without it.
export npm_config_unsafe_perm=true
npm ci --omit=dev --no-audit --no-fund --foreground-scripts
rm -r "$download" /root/.npm
