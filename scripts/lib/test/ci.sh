# shellcheck shell=bash
# format, conformance and oracle over every row, the records' tests, a measured run
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  step "setup" ensure ci
  step "format" check_format
  step "gcc: configure" quietly configure-release configure release -DLIMITERBENCH_TESTS=ON
  step "gcc: build" quietly build-release cmake --build "$root/build/release" --target \
    limiterbench conformance_test measure_test gcra_test
  step "gcc: tests" all_pass suite gcc run_ctest release -R '^(conformance[.](admission|time|retry|reload|threads|oracle|model)|Gcra.*)$'
  step "scripts: tests" all_pass suite pytest run_pytest -k 'readme or effort or records or histogram or statistics or units'
  step "quick run" quick_run
  close_suites
}

all_pass() { # all_pass suite ...
  "$@"
  ((failed == 0))
}

# Measures for real, then draws once more: every chart is there, and the second drawing is the same
# to the byte.
quick_run() {
  local scratch figures
  scratch=$(mktemp -d)
  figures=$scratch/run/figures
  "$root/scripts/run" --quick --no-install --out "$scratch/run" &&
    check_figures "$figures" &&
    (cd "$figures" && sha256sum -- *) >"$scratch/before" &&
    "$root/scripts/plot" --no-install "$scratch/run" &&
    (cd "$figures" && sha256sum --check --quiet "$scratch/before") &&
    rm -r "$scratch"
}

check_figures() { # check_figures FOLDER
  local scenario chart file
  for scenario in readonly steady reload_storm overload edge; do
    for chart in scaling p99 percentiles; do
      for file in "$1/${chart}_$scenario".{svg,png}; do
        if [[ ! -s $file ]]; then say "no chart: $file" && return 1; fi
      done
    done
  done
}
