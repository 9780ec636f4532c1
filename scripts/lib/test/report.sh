# shellcheck shell=bash
# FOLDER (screenshots, if given): drives the report (a minute)
run_kind() {
  (($# <= 1)) || refuse "test: unexpected argument '$2'"
  ensure browser
  check_report "$@"
}
