# shellcheck shell=bash
# The report in a browser, where there is one: without it nothing is known of what a reader sees.

has_browser() { has_command chromium && has_command chromedriver && python_sees "$PYTHON" selenium; }

check_report() {
  if ! has_browser >/dev/null; then
    say "SKIPPED: the report in a browser: there is no chromium with its driver, or no selenium"
    return 0
  fi
  "$PYTHON" "$root/tests/scripts/check_report.py" "$@"
}
