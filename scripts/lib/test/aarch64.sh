# shellcheck shell=bash
# cross-builds everything for 64-bit Arm; conformance and unit tests under emulation
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  has_apt || refuse "test: --aarch64 takes its libraries from Debian's packages; there is no apt-get"
  step "setup" ensure aarch64
  step "libraries" unpack_libraries
  step "build" build aarch64
  step "tests" all_pass suite aarch64 run_ctest aarch64
  close_suites
}

# The packages' files without installing them: apt with a state of its own, so that this machine's
# packages stay as they are. Peers are left out.
arm_packages=(libhwloc-dev libhwloc15 libudev1 libcap2 libbenchmark-dev libbenchmark1debian
  nlohmann-json3-dev libgtest-dev)

unpack_libraries() {
  local target=$root/build/aarch64-libraries state=$root/build/aarch64-apt package
  if [[ -e $target/complete ]]; then return 0; fi
  rm -rf "$target" "$state"
  mkdir -p "$target" "$state"/{state/lists/partial,cache/archives/partial,packages}
  touch "$state/state/status"
  quietly aarch64-update arm_apt "$state" update &&
    (cd "$state/packages" && quietly aarch64-download arm_apt "$state" download "${arm_packages[@]}") &&
    for package in "$state"/packages/*.deb; do dpkg-deb -x "$package" "$target" || return; done &&
    touch "$target/complete"
}

arm_apt() { # arm_apt STATE ARGUMENT...
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root \
    -o Dir::State="$1/state" -o Dir::State::status="$1/state/status" -o Dir::Cache="$1/cache" "${@:2}"
}
