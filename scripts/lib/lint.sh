# shellcheck shell=bash
# Formatting, naming and typing; nothing here is built or run.

cpp_files() { find "$root"/{impls,benchmarks,tests} -name '*.[ch]pp' -print0; }

check_format() { cpp_files | xargs -0 clang-format --dry-run --Werror; }

check_shell() {
  # Kinds of test are sourced by name at run time, so the names that they use look unassigned.
  shellcheck "$root"/tests/{virtual/{init,big,uneven},aarch64/init,scripts/fake_limiterbench} &&
    shellcheck -x -a "$root"/.ci/run "$root"/scripts/{bundle,lib/{prepare,bundle/command},setup,run,test,plot,report,compare,readme,doctor,predict,weaken_orders} &&
    shellcheck -e SC2154,SC2034 "$root"/scripts/lib/*.sh "$root"/scripts/lib/test/*.sh
}

check_python() {
  (
    cd "$root" && "$PYTHON" -m black --quiet --check --diff scripts tests/{scripts,virtual} &&
      "$PYTHON" -m flake8 scripts tests/{scripts,virtual} &&
      "$PYTHON" -m mypy --strict scripts/limiterbench tests/scripts tests/virtual
  )
}

# check_tidy PRESET: the programs, in the larger pieces that a unity build has, which repeat fewer of
# the system's headers, and the designs through the one header that names them all.
check_tidy() {
  {
    find "$root/build/$1/benchmarks" -path '*/Unity/*.cxx' -print0
    printf '%s\0' "$root/build/$1/tests/headers/registry.cpp"
  } | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p "$root/build/$1" --quiet
}
