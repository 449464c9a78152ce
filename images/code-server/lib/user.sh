# shellcheck shell=bash
# The unprivileged user and what belongs to him.

# as_user COMMAND...: runs a command as the user, without groups, capabilities or a way to get any.
as_user() { (exec_as_user "$@"); }

# Dropping root for another id clears the capabilities; --inh-caps clears the ones that a program
# could inherit. The bounding set stays (changing it needs SETPCAP) and is void: no_new_privs.
exec_as_user() {
  exec setpriv --reuid "$PUID" --regid "$PGID" --clear-groups \
    --inh-caps=-all --ambient-caps=-all --no-new-privs -- "$@"
}

# Gives the user the ids of PUID and PGID. Not with usermod, which would walk through /config.
prepare_user() {
  [[ $(id -u coder):$(id -g coder) != "$PUID:$PGID" ]] || return 0
  sed --in-place "s/^\(coder:[^:]*\):[0-9]*:[0-9]*:/\1:$PUID:$PGID:/" /etc/passwd
  sed --in-place "s/^\(coder:[^:]*\):[0-9]*:/\1:$PGID:/" /etc/group
}

prepare_folders() {
  as_user true || fail "cannot become the user of PUID and PGID: SETUID and SETGID are needed."
  own_config || fail "cannot hand /config to PUID and PGID: CHOWN and DAC_OVERRIDE are needed."
  # As the user: root would follow a link that someone has put into the volume.
  as_user mkdir -p /config/data /config/extensions ||
    fail "PUID and PGID cannot write to /config (a read-only volume?)."
  as_user cp --no-clobber /etc/skel/.profile /etc/skel/.bashrc /config/
  if [[ $DEFAULT_WORKSPACE == /config/* ]]; then
    as_user mkdir -p "$DEFAULT_WORKSPACE" || fail "PUID and PGID cannot make DEFAULT_WORKSPACE."
  elif [[ ! -e $DEFAULT_WORKSPACE ]]; then
    mkdir -p "$DEFAULT_WORKSPACE"
    chown "$PUID:$PGID" "$DEFAULT_WORKSPACE"
  fi
}

# Hands the volume over when its root folder belongs to somebody else: a volume that is new, came
# from elsewhere, or was used with other ids. Otherwise a start costs nothing, however many files
# there are, and files that the user has given to others stay as they are. The root folder comes
# last, so an interrupted walk is done again. Other mounts below /config are left alone, and
# -writable leaves out what sits on a read-only one.
own_config() {
  mkdir -p /config
  [[ $(stat --format %u:%g /config) != "$PUID:$PGID" ]] || return 0
  find /config -xdev -depth \( -type l -o -writable \) \
    -exec chown --no-dereference "$PUID:$PGID" {} +
}
