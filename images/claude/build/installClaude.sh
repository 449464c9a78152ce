#!/bin/bash
# Puts the native program of Claude Code CLAUDE_VERSION into /opt/claude, with its version beside it.
set -euo pipefail

case "$(dpkg --print-architecture)" in
  amd64) cpu=x64 ;;
  arm64) cpu=arm64 ;;
  *)
    echo "No Claude Code for $(dpkg --print-architecture): amd64 and arm64 only." >&2
    exit 1
    ;;
esac

package=@anthropic-ai/claude-code
download=$(mktemp --directory)
cd "$download"
# The program of this machine alone: left to choose, npm fetches the one for another C library, too, which is a
# quarter of a gigabyte. No script runs but the one that is named below.
npm install --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error \
  "$package@$CLAUDE_VERSION" "$package-linux-$cpu@$CLAUDE_VERSION"
node "node_modules/$package/install.cjs"

mkdir /opt/claude
cp "node_modules/$package/bin/claude.exe" /opt/claude/claude
chmod 755 /opt/claude/claude
printf '%s' "$CLAUDE_VERSION" >/opt/claude/version
rm -r "$download" /root/.npm
# Running is the proof that the right program is in place.
found=$(HOME=$(mktemp --directory) /opt/claude/claude --version)
[[ $found == "$CLAUDE_VERSION "* ]] || {
  echo "the program says it is $found, not $CLAUDE_VERSION" >&2
  exit 1
}
