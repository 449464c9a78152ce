# shellcheck shell=bash
# The settings that are no secret: taken from the environment or from files, checked.

# Ends the start. The message names the variable, never its value: that may be a secret which
# was put into the wrong variable.
fail() {
  printf 'code-server image: %s\n' "$1" >&2
  exit 78
}

# FILE__NAME=<path> sets NAME to the file's content, as in the linuxserver.io images; unlike
# there, a file that cannot be read ends the start. The login secrets are not for the environment:
# read_login_secret takes them.
read_variables_from_files() {
  local variable target
  for variable in "${!FILE__@}"; do
    target=${variable#FILE__}
    [[ $target != PASSWORD && $target != HASHED_PASSWORD ]] || continue
    [[ $target =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || fail "$variable names no variable after FILE__."
    case $target in
      # These steer the shell, the loader or the interpreter before any check of ours.
      PATH | HOME | IFS | ENV | BASH* | LD_* | NODE_OPTIONS | FILE__* | SHELLOPTS)
        fail "$variable: $target may not be set from a file."
        ;;
    esac
    [[ ! -v $target ]] || fail "$variable and $target are both set; set one of them."
    read_file "$variable"
    # As a shell does it, and unlike for the login: there a trailing newline is an error.
    export "$target=${file_content%$'\n'}"
  done
}

# read_file FILE__NAME: puts the content of the file that the variable names into file_content.
read_file() {
  local variable=$1 path=${!1}
  [[ $path == /* ]] || fail "$variable must be the absolute path of a file."
  [[ -e $path ]] || fail "$variable names a file that does not exist (is the secret mounted?)."
  path=$(realpath -- "$path")
  case $path in
    /proc/* | /sys/* | /dev/*) fail "$variable may not name something in /proc, /sys or /dev." ;;
  esac
  [[ -f $path ]] || fail "$variable names something that is not a regular file."
  [[ -r $path ]] || fail "$variable names a file that is not readable."
  (($(stat --format %s -- "$path") <= 65536)) || fail "$variable names a file above 64 KiB."
  # read succeeds only when it meets the delimiter, which here is NUL.
  if IFS= read -r -d '' file_content <"$path"; then
    fail "$variable names a file that holds a NUL byte."
  fi
  [[ -n $file_content ]] || fail "$variable names an empty file."
}

# Sets PUID, PGID, TZ, LOG_LEVEL and DEFAULT_WORKSPACE to their defaults where absent; checks them.
read_settings() {
  PUID=${PUID-1000} PGID=${PGID-1000}
  check_id PUID "$PUID"
  check_id PGID "$PGID"

  export TZ=${TZ-Etc/UTC}
  [[ $TZ =~ ^[A-Za-z][A-Za-z0-9+_-]*(/[A-Za-z0-9+_-]+)*$ && -f /usr/share/zoneinfo/$TZ ]] ||
    fail "TZ must be a time zone such as Europe/Berlin."

  LOG_LEVEL=${LOG_LEVEL-info}
  [[ $LOG_LEVEL =~ ^(trace|debug|info|warn|error)$ ]] ||
    fail "LOG_LEVEL must be trace, debug, info, warn or error."
  # VS Code's server writes the options that it was started with into its log at this level, the
  # login secret among them: into the container's output and onto the volume.
  if [[ $LOG_LEVEL == trace ]]; then
    echo "code-server image: LOG_LEVEL is debug, since trace writes the login secret into the log."
    LOG_LEVEL=debug
  fi

  # Browsers keep cookies per host and not per port: editors behind one host need different names,
  # else logging in to one is logging out of the other.
  [[ ${COOKIE_SUFFIX-} =~ ^[A-Za-z0-9-]{0,64}$ ]] ||
    fail "COOKIE_SUFFIX must be up to 64 letters, digits and hyphens."

  DEFAULT_WORKSPACE=${DEFAULT_WORKSPACE-/config/workspace}
  check_workspace
}

check_id() {
  [[ $2 =~ ^[0-9]+$ ]] || fail "$1 must be a number."
  [[ $2 =~ ^[1-9] ]] || fail "$1 must be above 0 and without leading zeros: code-server never runs as root."
  # The highest id is the kernel's "no change".
  [[ ${#2} -le 10 && $2 -le 4294967294 ]] || fail "$1 is above the highest id, 4294967294."
}

check_workspace() {
  local path=$DEFAULT_WORKSPACE
  [[ $path == /* && ! $path =~ [[:cntrl:]] && ! "$path/" =~ /\.\.?/ ]] ||
    fail "DEFAULT_WORKSPACE must be an absolute path without . and .. in it."
  # A folder that is missing is made and given to the user, which must not open the system to him.
  case $path/ in
    //* | /bin/* | /boot/* | /dev/* | /etc/* | /lib*/* | /proc/* | /root/* | /run/* | /sbin/* | \
      /sys/* | /usr/* | /var/*)
      fail "DEFAULT_WORKSPACE lies in a folder of the system; use one below /config."
      ;;
  esac
  [[ ! -e $path || -d $path ]] || fail "DEFAULT_WORKSPACE is there and is not a folder."
}

# What neither code-server nor its terminals may see: the secrets, where they came from, and what
# would move the address or the configuration that this image promises.
clear_environment() {
  unset PASSWORD HASHED_PASSWORD SUDO_PASSWORD SUDO_PASSWORD_HASH "${!FILE__@}"
  unset PORT CODE_SERVER_HOST CODE_SERVER_CONFIG
  export HOME=/config USER=coder LOGNAME=coder SHELL=/bin/bash
}
