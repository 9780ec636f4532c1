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

# Peers are left out.
unpack_libraries() {
  unpack_packages arm64 "$root/build/aarch64-libraries" libhwloc-dev libhwloc15 libudev1 libcap2 \
    libbenchmark-dev libbenchmark1debian nlohmann-json3-dev libgtest-dev
}
