# shellcheck shell=bash
# [SEED]: kills a real run 20 times, and goes on with it each time
run_kind() {
  (($# <= 1)) || refuse "test: unexpected argument '$2'"
  ensure run
  build_program
  "$PYTHON" "$root/tests/scripts/check_resume.py" "$LIMITERBENCH_PROGRAM" "$@"
}
