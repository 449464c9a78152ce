#!/bin/bash
# Checks the settings, becomes the user that PUID and PGID name, and waits for terminals. Needs root with CHOWN,
# DAC_OVERRIDE, FOWNER, SETUID and SETGID; nothing of it is left afterwards. Ends with code 78 (EX_CONFIG) and one
# line on what to change when a setting is wrong.
set -euo pipefail

# What a program that the user runs may find: the key, and where the editor's terminals come in.
readonly key_file=/run/claude/api-key
readonly socket=/config/data/claude.sock

fail() {
  printf 'claude image: %s\n' "$1" >&2
  exit 78
}

check_id() {
  [[ $2 =~ ^[1-9][0-9]{0,9}$ && $2 -le 4294967294 ]] ||
    fail "$1 must be a number from 1 to 4294967294: Claude Code never runs as root."
}

# Dropping root for another id clears the capabilities; see the editor's image.
exec_as_user() {
  exec setpriv --reuid "$PUID" --regid "$PGID" --clear-groups \
    --inh-caps=-all --ambient-caps=-all --no-new-privs -- "$@"
}
as_user() { (exec_as_user "$@"); }

read_settings() {
  PUID=${PUID-1000} PGID=${PGID-1000}
  check_id PUID "$PUID"
  check_id PGID "$PGID"
  export TZ=${TZ-Etc/UTC}
  [[ $TZ =~ ^[A-Za-z][A-Za-z0-9+_-]*(/[A-Za-z0-9+_-]+)*$ && -f /usr/share/zoneinfo/$TZ ]] ||
    fail "TZ must be a time zone such as Europe/Berlin."
  [[ ! -v ANTHROPIC_API_KEY ]] ||
    fail "ANTHROPIC_API_KEY is set, and everybody who may look at the container can read it; use FILE__ANTHROPIC_API_KEY."
}

# The file belongs to whoever runs Pulumi; the user gets a copy in memory, and the program is told to ask for it.
take_key() {
  local key settings=/etc/claude-code/managed-settings.json
  rm -rf /run/claude "$settings"
  mkdir -p /run/claude /etc/claude-code
  [[ -v FILE__ANTHROPIC_API_KEY ]] || return 0
  [[ -f $FILE__ANTHROPIC_API_KEY && -r $FILE__ANTHROPIC_API_KEY ]] ||
    fail "FILE__ANTHROPIC_API_KEY names a file that is not there or not readable (is the secret mounted?)."
  key=$(<"$FILE__ANTHROPIC_API_KEY")
  [[ $key =~ ^[[:graph:]]+$ ]] || fail "the key in FILE__ANTHROPIC_API_KEY is empty or holds white space."
  (umask 077 && printf '%s' "$key" >"$key_file")
  chown "$PUID:$PGID" "$key_file"
  printf '{"apiKeyHelper":"cat %s"}\n' "$key_file" >"$settings"
  unset FILE__ANTHROPIC_API_KEY
}

prepare_user() {
  [[ $(id -u coder):$(id -g coder) != "$PUID:$PGID" ]] || return 0
  sed --in-place "s/^\(coder:[^:]*\):[0-9]*:[0-9]*:/\1:$PUID:$PGID:/" /etc/passwd
  sed --in-place "s/^\(coder:[^:]*\):[0-9]*:/\1:$PGID:/" /etc/group
}

# The configuration's volume is handed over when its root folder belongs to somebody else. The editor's own files
# are the editor's to hand over.
prepare_folders() {
  as_user true || fail "cannot become the user of PUID and PGID: SETUID and SETGID are needed."
  if [[ $(stat --format %u:%g /claude) != "$PUID:$PGID" ]]; then
    find /claude -xdev -depth -exec chown --no-dereference "$PUID:$PGID" {} + ||
      fail "cannot hand /claude to PUID and PGID: CHOWN is needed."
  fi
  mountpoint --quiet /config || chown "$PUID:$PGID" /config /config/workspace
  as_user mkdir -p "${socket%/*}" /config/workspace ||
    fail "PUID and PGID cannot write to /config (those of the editor?)."
}

main() {
  [[ $EUID == 0 ]] || fail "must be started as root (no --user): PUID and PGID name the user."
  read_settings
  prepare_user
  take_key
  prepare_folders
  # Of a container that was killed: nobody listens on it any more.
  as_user rm -f "$socket"
  export HOME=/config USER=coder LOGNAME=coder SHELL=/bin/bash
  exec_as_user tini -- tmux -D -S "$socket" -f /usr/local/lib/claude/tmux.conf
}

main
