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

# A command that is run quietly has no terminal for its input; sudo asks on the terminal itself.
can_ask=no
if [[ -t 0 ]]; then can_ask=yes; fi

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif [[ $can_ask == yes ]]; then
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

can_install() {
  has_apt && [[ $install == yes ]] && { ((EUID == 0)) || has_command sudo >/dev/null; }
}

# The wanted packages that this release has. What it lacks is remembered, so that the next command
# does not ask the network again.
drop_unavailable() {
  local package available=()
  for package in "${wanted_packages[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then
      available+=("$package")
    else
      echo "$package" >>"$unavailable"
    fi
  done
  wanted_packages=("${available[@]}")
}

drop_known_unavailable() {
  local package left=()
  if [[ ! -e $unavailable ]]; then return 0; fi
  for package in "${wanted_packages[@]}"; do
    grep -qx "$package" "$unavailable" || left+=("$package")
  done
  wanted_packages=("${left[@]}")
}

# ensure LEVEL: everything that LEVEL needs is there afterwards, or the command ends. Sets PYTHON.
ensure() {
  local unavailable=$root/build/unavailable-packages
  find_missing "$1"
  drop_known_unavailable
  if ((${#missing_packages[@]} + ${#wanted_packages[@]} == 0)); then return 0; fi
  if ! can_install; then
    if ((${#missing_packages[@]} != 0)); then by_hand; fi
    say "going on without what these packages bring: ${wanted_packages[*]}"
    return 0
  fi

  mkdir -p "$root/build"
  quietly apt-update apt_get update || exit 2
  drop_unavailable
  local packages=("${missing_packages[@]}" "${wanted_packages[@]}")
  if ((${#packages[@]} == 0)); then return 0; fi
  say "installing ${packages[*]}"
  quietly apt-install apt_get install --no-install-recommends "${packages[@]}" || exit 2

  find_missing "$1"
  if ((${#missing_packages[@]} != 0)); then
    say "this release's packages are not enough (too old, or of another interpreter)."
    by_hand
  fi
}
