# shellcheck shell=bash
# measures a build twice, and a slowed row (a quarter of an hour)
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  ensure test
  build_program
  "$PYTHON" "$root/tests/scripts/check_compare.py" "$LIMITERBENCH_PROGRAM"
}
