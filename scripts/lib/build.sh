# shellcheck shell=bash
# Configures and builds one preset in build/<preset>.

configure() { # configure PRESET OPTION...
  # A tree that was moved or copied here keeps the old place in its cache and must start afresh.
  cmake -S "$root" --preset "$1" "${@:2}" || cmake -S "$root" --fresh --preset "$1" "${@:2}"
}

# build PRESET [TARGET] [OPTION...]: TARGET defaults to everything.
build() {
  local preset=$1 target=${2:-all}
  quietly "configure-$preset" configure "$preset" "${@:3}" &&
    say "building build/$preset" &&
    quietly "build-$preset" cmake --build "$root/build/$preset" --target "$target"
}

# Only one target. The tests' libraries are not needed for it, so a tree that was never configured
# for tests stays without.
build_only() { # build_only TARGET OPTION...
  local tests=()
  if [[ ! -e $root/build/release/CMakeCache.txt ]]; then tests=(-DLIMITERBENCH_TESTS=OFF); fi
  build release "$@" "${tests[@]}"
}

# With all its layouts: none of an older build may be left to measure beside a new program.
build_program() { build_only limiterbench_layouts; }
