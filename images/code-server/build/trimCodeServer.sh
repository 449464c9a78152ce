#!/bin/bash
# Removes from /opt/code-server what no Linux machine of this architecture can run: source maps,
# the sources and intermediate files of native modules, other platforms' binaries. Then proves
# that what is needed is still there.
set -euo pipefail

case "$(dpkg --print-architecture)" in
  amd64) cpu=x64 ;;
  arm64) cpu=arm64 ;;
esac
cd /opt/code-server
modules=lib/vscode/node_modules

find . -name '*.map' -type f -delete
find node_modules "$modules" -type f \
  \( -name '*.o' -o -name '*.a' -o -name '*.c' -o -name '*.cc' -o -name '*.cpp' -o -name '*.h' \
  -o -name '*.hpp' -o -name '*.exe' -o -name '*.dll' -o -name '*.lib' -o -name '*.pdb' \) -delete
find node_modules "$modules" -type d \( -name obj.target -o -name .deps \) -prune -exec rm -r {} +
find node_modules "$modules" -type d -path '*/prebuilds/*' -prune \
  ! -name "linux-$cpu" -exec rm -r {} +
find "$modules/@vscode/ripgrep-universal/bin" -mindepth 1 -maxdepth 1 \
  ! -name "linux-$cpu" -exec rm -r {} +
rm -r "$modules/node-pty/third_party"

# VS Code runs GitHub's agent through the package's index.js, as its own builds ship it; the same
# program again as one executable (170 MB) serves only people who install it by itself.
agent=$modules/@github/copilot-linux-$cpu
if [[ -f $agent/index.js ]]; then
  rm -f "$agent/copilot"
  # A second version of it, for a client that is always told to use the first.
  rm -rf "$modules/@github/copilot-sdk/node_modules/@github"
  HOME=$(mktemp --directory) node "$agent/index.js" --version
fi
find . -type d -empty -delete

"$modules/@vscode/ripgrep-universal/bin/linux-$cpu/rg" --version >/dev/null
# Loading is the proof that counts for a native module.
for module in node-pty @vscode/spdlog @vscode/sqlite3 @parcel/watcher kerberos; do
  node --eval 'require(process.argv[1])' "/opt/code-server/$modules/$module"
done
node --eval 'require(process.argv[1])' /opt/code-server/node_modules/argon2
