# shellcheck shell=bash
# charts and report of a run of 64 CPUs: time and memory (minutes)
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  ensure test
  build release synthesise_records -DLIMITERBENCH_TESTS=ON
  "$PYTHON" "$root/tests/scripts/check_size.py" "$root/build/release/tests/synthesise_records"
}
