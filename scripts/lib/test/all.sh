# shellcheck shell=bash
# every test; the same as no flag
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  ensure test
  build release all -DLIMITERBENCH_TESTS=ON
  suite ctest run_ctest release
  suite pytest run_pytest
  step "report in a browser" check_report
  close_suites
}
