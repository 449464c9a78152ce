#!/bin/bash
# Checks everything, becomes the user that PUID and PGID name, starts code-server with a login.
# Needs root with CHOWN, DAC_OVERRIDE, FOWNER, SETUID and SETGID; nothing of it is left afterwards.
# Ends with code 78 (EX_CONFIG) and one line on what to change when a setting is wrong.
set -euo pipefail

library=/usr/local/lib/code-server
# shellcheck source=lib/settings.sh
source "$library/settings.sh"
# shellcheck source=lib/secret.sh
source "$library/secret.sh"
# shellcheck source=lib/user.sh
source "$library/user.sh"

# Replaces this process by code-server under tini, both as the user without any privilege.
start_code_server() {
  # The configuration goes through a pipe that code-server reads once: no file, environment or
  # command line ever holds the secret, and a terminal in the editor finds the pipe empty.
  exec 3< <(login_configuration)
  wait "$!"
  # A pipe is opened anew through its /dev/fd path, which only its owner may do.
  chown --dereference "$PUID:$PGID" /dev/fd/3
  exec_as_user tini -- code-server --config /dev/fd/3 \
    --bind-addr 0.0.0.0:8443 --auth password \
    --disable-telemetry --disable-update-check \
    --user-data-dir /config/data --extensions-dir /config/extensions \
    ${COOKIE_SUFFIX:+--cookie-suffix "$COOKIE_SUFFIX"} \
    --log "$LOG_LEVEL" "$DEFAULT_WORKSPACE"
}

main() {
  [[ $EUID == 0 ]] || fail "must be started as root (no --user): PUID and PGID name the user."
  read_variables_from_files
  read_settings
  read_login_secret
  # The health check's proof of a working login is valid for one start. Made by root before the
  # user exists: on a world-writable /run nobody else can put a false proof there.
  rm -rf /run/code-server
  mkdir /run/code-server
  prepare_user
  prepare_folders
  clear_environment
  start_code_server
}

main
