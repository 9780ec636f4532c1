# shellcheck shell=bash
# Installs by name exactly what a command is missing, on Debian and Ubuntu; elsewhere says what.

# yes, unless the caller said --no-install
install=yes

# take_no_install ARGUMENT...: sets `arguments` to the others.
take_no_install() {
  local argument
  arguments=()
  for argument in "$@"; do
    if [[ $argument == --no-install ]]; then install=no; else arguments+=("$argument"); fi
  done
}

has_apt() { command -v apt-get >/dev/null && command -v dpkg >/dev/null; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 "$@"
}

list_missing() {
  local name
  say "missing:"
  for name in "${missing_names[@]}"; do say "  $name"; done
}

by_hand() {
  list_missing
  if has_apt; then
    refuse "install: apt-get install --no-install-recommends ${missing_packages[*]}"
  fi
  refuse "install these with this system's package manager, then run the command again."
}

# ensure LEVEL: everything that LEVEL needs is there afterwards, or the command ends. Sets PYTHON.
ensure() {
  find_missing "$1"
  if ((${#missing_packages[@]} == 0)); then return 0; fi
  if [[ $install == no ]] || ! has_apt || { ((EUID != 0)) && ! command -v sudo >/dev/null; }; then
    by_hand
  fi

  say "installing ${missing_packages[*]}"
  quietly apt-update apt_get update || exit 2
  quietly apt-install apt_get install --no-install-recommends "${missing_packages[@]}" || exit 2

  find_missing "$1"
  if ((${#missing_packages[@]} != 0)); then
    say "this release's packages are not enough (too old, or of another interpreter)."
    by_hand
  fi
}
