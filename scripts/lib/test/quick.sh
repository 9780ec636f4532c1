# shellcheck shell=bash
# all but the tests labelled slow
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  ensure test
  build release all -DLIMITERBENCH_TESTS=ON
  suite ctest run_ctest release --label-exclude slow
  suite pytest run_pytest -m 'not slow'
  close_suites
}
