# shellcheck shell=bash
# Runs the two suites, C++ (ctest) and Python (pytest), and adds up what passed.

passed=0 failed=0 skipped=0

attribute() { # attribute NAME FILE: of the first <testsuite> of a JUnit file; 0 if there is none
  local value
  value=$(tr '\n\t' '  ' <"$2" | grep -oE '<testsuite [^>]*' | head -n 1 |
    grep -oE " $1=\"[0-9]+\"" | tr -dc 0-9) || true
  echo "${value:-0}"
}

count() { # count JUNIT_FILE
  local total bad ignored
  total=$(attribute tests "$1")
  bad=$(($(attribute failures "$1") + $(attribute errors "$1")))
  ignored=$(($(attribute skipped "$1") + $(attribute disabled "$1")))
  passed=$((passed + total - bad - ignored))
  failed=$((failed + bad))
  skipped=$((skipped + ignored))
}

# suite NAME COMMAND...: COMMAND writes $junit. A runner that ends badly without a failed test (it
# crashed, or found none) counts as one failure.
suite() {
  local before=$failed status=0
  junit=$logs/$1.xml
  mkdir -p "$logs"
  rm -f "$junit"
  "${@:2}" || status=$?
  if [[ -s $junit ]]; then count "$junit"; fi
  if ((status != 0 && failed == before)); then failed=$((failed + 1)); fi
}

all_pass() { # all_pass suite ...
  "$@"
  ((failed == 0))
}

run_ctest() { # run_ctest PRESET OPTION...
  local wrapper=()
  # ThreadSanitizer's shadow does not fit every layout that a kernel with much randomisation picks.
  if [[ $1 == tsan ]] && setarch "$(uname -m)" -R true 2>/dev/null; then
    wrapper=(setarch "$(uname -m)" -R)
  fi
  # Side by side only what neither uses threads nor the clock.
  (cd "$root" && "${wrapper[@]}" ctest --preset "$1" --parallel "$(nproc)" \
    --output-junit "$junit" "${@:2}")
}

run_pytest() { # run_pytest OPTION...
  # A file stays on one worker, for what its tests share is made once on each.
  run_pytest_of scripts --numprocesses "$(workers)" --dist loadfile "$@"
}

# Drawing takes hundreds of MiB each.
workers() { echo $(($(nproc) < 8 ? $(nproc) : 8)); }

run_pytest_of() { # run_pytest_of FOLDER OPTION...
  # Python would look for modules in the caller's directory first.
  (cd "$root" && "$PYTHON" -m pytest -q -p no:cacheprovider --junitxml="$junit" "tests/$1" "${@:2}")
}

# Debian 12 and 13 have every library that a design is about.
has_all_designs() { # has_all_designs: of a program's --list=json
  local registered
  registered=$(sed -n '/^using Rows/,/^>;/p' "$root/impls/registry.hpp" | grep -cE '^[ ,]+\w+,?$')
  "$PYTHON" -c 'import json, sys; sys.exit(len(json.load(sys.stdin)) != int(sys.argv[1]))' "$registered"
}

close_suites() {
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0 && passed > 0))
}
