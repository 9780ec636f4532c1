# shellcheck shell=bash
# both compilers, models, sanitizers, linters, a measured run
run_kind() {
  (($# == 0)) || refuse "test: unexpected argument '$1'"
  step "setup" ensure ci
  step "format" check_format
  step "shell scripts" check_shell
  step "Python scripts" check_python
  step "gcc: build" build release all -DLIMITERBENCH_TESTS=ON -DLIMITERBENCH_WERROR=ON
  step "gcc: tests" all_pass suite gcc run_ctest release
  step "all designs" all_designs
  step "scripts: tests" all_pass suite pytest run_pytest
  step "report in a browser" check_report
  step "killed and resumed" "$PYTHON" "$root/tests/scripts/check_resume.py" "$LIMITERBENCH_PROGRAM"
  step "bundle" "$root/scripts/test" --no-install --bundle
  step "clang: build" build clang
  step "clang: tests" all_pass suite clang run_ctest clang
  step "clang-tidy" quietly tidy check_tidy clang
  step "address, undefined: build" build asan-ubsan
  step "address, undefined: tests" all_pass suite asan-ubsan run_ctest asan-ubsan
  step "thread: build" build tsan
  step "thread: tests" all_pass suite tsan run_ctest tsan
  step "quick run" quick_run
  close_suites
}

all_designs() { "$LIMITERBENCH_PROGRAM" --list=json | has_all_designs; }

# More than one, and as many as were wanted.
has_layouts() { # has_layouts RUN_JSON
  "$PYTHON" - "$1" <<'PYTHON'
import json, sys
run = json.load(open(sys.argv[1]))
found = run["plan"]["layouts"], run["layouts_absent"]
sys.exit(0 if found[0] >= 2 and found[1] is None else f"layouts of the quick run: {found}")
PYTHON
}

# Measures some designs of every kind for real, then draws once more: every chart is there, and the
# second drawing is the same to the byte.
quick_run() {
  local scratch figures design designs=()
  for design in unlimited mcs rwmutex go_rwmutex rwmutex_read snapshot_value hazard sharded leased \
    leased_rseq gcra ck_epoch; do
    designs+=("--impl=$design")
  done
  scratch=$(mktemp -d)
  figures=$scratch/run/figures
  "$root/scripts/run" --quick --no-install "${designs[@]}" --out "$scratch/run" &&
    has_layouts "$scratch/run/run.json" &&
    "$PYTHON" "$root/tests/scripts/check_charts.py" "$scratch/run" &&
    (cd "$figures" && sha256sum -- *) >"$scratch/before" &&
    "$root/scripts/plot" --no-install "$scratch/run" &&
    (cd "$figures" && sha256sum --check --quiet "$scratch/before") &&
    rm -r "$scratch"
}
