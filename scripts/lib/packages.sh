# shellcheck shell=bash
# The files of Debian's packages without installing them, of this machine's architecture or another:
# apt with a state of its own, so that this machine's packages stay as they are.

apt_of() { # apt_of ARCHITECTURE COMMAND ARGUMENT...
  local state=$root/build/apt-$1
  "$2" -q -o APT::Architecture="$1" -o APT::Architectures::="$1" -o APT::Sandbox::User=root \
    -o Dir::State="$state/state" -o Dir::State::status="$state/state/status" \
    -o Dir::Cache="$state/cache" "${@:3}"
}

# unpack_packages ARCHITECTURE FOLDER PACKAGE...: FOLDER has a file `complete` once it is whole.
unpack_packages() {
  local state=$root/build/apt-$1 target=$2
  if [[ -e $target/complete ]]; then return 0; fi
  rm -rf "$target" "$state"
  mkdir -p "$target" "$state"/{state/lists/partial,cache/archives/partial,packages}
  touch "$state/state/status"
  quietly "apt-update-$1" apt_of "$1" apt-get update &&
    quietly "apt-download-$1" download_packages "$1" "${@:3}" &&
    quietly "unpack-$1" unpack_all "$state/packages" "$target" &&
    touch "$target/complete"
}

download_packages() { # download_packages ARCHITECTURE PACKAGE...
  local package packages=()
  for package in "${@:2}"; do packages+=("$(with_version "$1" "$package")") || return; done
  cd "$root/build/apt-$1/packages" && apt_of "$1" apt-get download "${packages[@]}"
}

# A kernel's name without a version is an empty package that depends on the newest one.
with_version() { # with_version ARCHITECTURE PACKAGE
  case $2 in
    linux-image-*) apt_of "$1" apt-cache depends "$2" | grep -oE 'linux-image-[0-9].*' ;;
    *) echo "$2" ;;
  esac
}

unpack_all() { # unpack_all FROM TO
  local package
  for package in "$1"/*.deb; do dpkg-deb -x "$package" "$2" || return; done
}
