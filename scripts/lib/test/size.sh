# shellcheck shell=bash
# charts and report of a run as a host of 64 CPUs makes it: how long, how much memory (minutes)
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  ensure test
  build release synthesise_records -DLIMITERBENCH_TESTS=ON
  "$PYTHON" "$root/tests/scripts/check_size.py" "$root/build/release/tests/synthesise_records"
}
