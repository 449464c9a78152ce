#!/bin/bash
# claude [ARGUMENTS]: Claude Code in the container beside this one, on the same files. The terminal is handed over
# through a socket on the shared volume; the folder that one is in counts.
set -euo pipefail

socket=/config/data/claude.sock
# -N: without the other container there is nobody to start one.
if ! tmux -N -S "$socket" show-options -s exit-empty >/dev/null 2>&1; then
  echo "There is no Claude Code beside this editor, or it does not run: set claude.enabled and bring the environment up." >&2
  exit 69
fi
[[ -t 0 && -t 1 ]] || {
  echo "claude needs a terminal here; for a script: npx doom claude STACK on the host." >&2
  exit 64
}
# An argument that ends with a semicolon would end tmux's command. Closing the terminal ends the program in it, as
# it does for any other.
exec tmux -N -S "$socket" new-session -c "$PWD" -- claude "${@/%;/\\;}" ';' set-option destroy-unattached on
