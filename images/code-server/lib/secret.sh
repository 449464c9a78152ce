# shellcheck shell=bash
# The login secret. code-server itself takes an empty one as "no login wanted", so nothing here
# may be skipped.

# White space as JavaScript's trim() has it: the POSIX class and what that leaves out (U+00A0,
# U+2007, U+202F, U+FEFF; as bytes, so that it means the same whatever locale this is read in).
readonly white_space=$'[[:space:]\xc2\xa0\xe2\x80\x87\xe2\x80\xaf\xef\xbb\xbf]'

# Takes the login secret from exactly one of its four variables; sets login_key and login_value.
read_login_secret() {
  local variable
  local -a sources=()
  for variable in PASSWORD HASHED_PASSWORD FILE__PASSWORD FILE__HASHED_PASSWORD; do
    [[ ! -v $variable ]] || sources+=("$variable")
  done
  case ${#sources[@]} in
    0) fail "no login secret: set FILE__HASHED_PASSWORD, HASHED_PASSWORD, FILE__PASSWORD or PASSWORD." ;;
    1) ;;
    *) fail "more than one login secret is set (${sources[*]}); set one of them." ;;
  esac

  variable=${sources[0]}
  login_value=${!variable}
  if [[ $variable == FILE__* ]]; then
    read_file "$variable"
    # shellcheck disable=SC2154 # set by read_file in settings.sh
    login_value=$file_content
  fi
  check_text "$variable"
  if [[ $variable == *HASHED_PASSWORD ]]; then
    login_key=hashed-password
    check_hash "$variable"
  else
    login_key=password
    check_password "$variable"
  fi
}

# What no login secret may hold: everything that a later stage would read differently than it was
# meant, and so lock the owner out or print the value in an error.
check_text() {
  local LC_ALL=C.UTF-8
  [[ -n $login_value ]] || fail "$1 is empty."
  [[ $login_value != *$'\r'* ]] || fail "$1 holds a carriage return (a file with Windows line ends?)."
  [[ $login_value != *$'\n' ]] || fail "$1 ends with a newline; write it without, as printf '%s' does."
  ((${#login_value} <= 1024)) || fail "$1 is above 1024 characters."
  printf '%s' "$login_value" | iconv --from-code UTF-8 --to-code UTF-8 >/dev/null 2>&1 ||
    fail "$1 is not valid UTF-8."
  [[ ! $login_value =~ [^[:print:]] ]] || fail "$1 holds a control character."
  [[ $login_value != '[secret]' && ${login_value,,} != changeme ]] || fail "$1 holds a placeholder."
}

check_hash() {
  # PHC string format, with the parameters in the order that every argon2 library writes them.
  local text='[A-Za-z0-9+/]+'
  [[ $login_value =~ ^\$argon2(i|d|id)\$(v=[0-9]+\$)?m=[0-9]+,t=[0-9]+,p=[0-9]+\$$text\$$text$ ]] ||
    fail "$1 is not a complete argon2 hash, which begins with \$argon2id\$ (Compose needs \$\$ for each \$)."
}

# code-server trims what the user types, but not what it compares that with.
check_password() {
  local LC_ALL=C.UTF-8
  [[ ! $login_value =~ ^$white_space && ! $login_value =~ $white_space$ ]] ||
    fail "$1 begins or ends with white space, which cannot be typed into the login page."
}

# The configuration file's text. Quoted, so that no value is taken for a number or a boolean; of
# what can still be in it, only these two characters mean something inside double quotes.
login_configuration() {
  local value=${login_value//\\/\\\\}
  printf 'auth: password\n%s: "%s"\n' "$login_key" "${value//\"/\\\"}"
}
