# shellcheck shell=bash
# What each command needs, and whether this machine has it. A thing counts as there when it works,
# wherever it came from; the package is only how Debian and Ubuntu bring it.

missing_packages=()
missing_names=()
wanted_packages=()

# need PACKAGE NAME CHECK...: NAME says it to somebody without apt-get.
need() {
  if ! "${@:3}" >/dev/null 2>&1; then
    missing_packages+=("$1")
    missing_names+=("$2")
  fi
}

# A library that CMake can fetch as source is only asked for where a package brings it.
need_or_fetch() {
  if has_apt; then need "$@"; fi
}

# want PACKAGE CHECK...: without it there is less, but nothing stops.
want() {
  if has_apt && ! "${@:2}" >/dev/null 2>&1; then wanted_packages+=("$1"); fi
}

need_module() { need "$1" "Python module $2" python_sees "$PYTHON" "$2"; }

at_least() { [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }
has_command() { command -v "$1"; }
# CXX may hold arguments, too, as CMake takes it; or be a path with spaces.
has_compiler() {
  local compiler=${CXX:-c++}
  has_command "$compiler" || has_command "${compiler%% *}"
}
has_cmake() { at_least 3.25 "$(cmake --version | sed -n '1s/[^0-9]*//p')"; }
IFS=: read -ra prefixes <<<"${CMAKE_PREFIX_PATH:-}"
has_hwloc() {
  local folders=("${prefixes[@]/%//lib/pkgconfig}")
  PKG_CONFIG_PATH=$(IFS=: && echo "${PKG_CONFIG_PATH:-}:${folders[*]}") \
    pkg-config --exists 'hwloc >= 2.4'
}
has_header() {
  local folder
  for folder in /usr/include /usr/include/*-linux-gnu /usr/local/include "${prefixes[@]/%//include}"; do
    if [[ -e $folder/$1 ]]; then return 0; fi
  done
  return 1
}
# The runtimes come in a package of their own, so a clang without them is easy to have.
has_clang_sanitizers() { [[ -n $(find "$(clang --print-resource-dir)/lib" -name '*asan*.a') ]]; }

plot_modules=(numpy matplotlib jinja2)
modules_of() { # modules_of LEVEL
  case $1 in
    plot) echo "${plot_modules[@]}" ;;
    run) echo "${plot_modules[@]}" rich ;;
    compare) echo numpy scipy rich ;;
    browser) echo "${plot_modules[@]}" selenium ;;
    aarch64 | virtual) echo "${plot_modules[@]}" rich scipy jsonschema pytest ;;
    test) echo "${plot_modules[@]}" rich scipy jsonschema pytest xdist ;;
    ci) echo "${plot_modules[@]}" rich scipy jsonschema pytest xdist mypy flake8 black ;;
  esac
}

need_python() { # need_python LEVEL
  local modules module
  read -ra modules <<<"$(modules_of "$1")"
  if choose_python "${modules[@]}"; then return 0; fi
  PYTHON=/usr/bin/python3
  has_apt || PYTHON=python3
  need python3 "Python >= 3.9" python_sees "$PYTHON"
  for module in "${modules[@]}"; do
    case $module in
      mypy | flake8 | black) need_module "$module" "$module" ;;
      xdist) need_module python3-pytest-xdist xdist ;;
      *) need_module "python3-$module" "$module" ;;
    esac
  done
}

need_build() {
  need g++ "a C++20 compiler (GCC >= 12 or clang >= 14)" has_compiler
  need cmake "CMake >= 3.25" has_cmake
  need ninja-build "Ninja" has_command ninja
  need pkg-config "pkg-config" has_command pkg-config
  need libhwloc-dev "hwloc >= 2.4 with its headers" has_hwloc
  need_or_fetch libbenchmark-dev "Google Benchmark >= 1.7" has_header benchmark/benchmark.h
  need_or_fetch nlohmann-json3-dev "nlohmann json >= 3.11" has_header nlohmann/json.hpp
}

# Each brings rows of other people's libraries.
want_peers() {
  want liburcu-dev has_header urcu/urcu-memb.h
  want libck-dev has_header ck_epoch.h
  want libxenium-dev has_header xenium/reclamation/hazard_pointer.hpp
  want libcds-dev has_header cds/gc/hp.h
  want libtbb-dev has_header oneapi/tbb/rw_mutex.h
  want libabsl-dev has_header absl/synchronization/mutex.h
  want libboost-thread-dev has_header boost/thread/shared_mutex.hpp
}

# Brings limiterbench_sim.
want_simulation() { want libboost-context-dev has_header boost/context/fiber.hpp; }

need_tests() {
  need git "git" has_command git
  want relacy-dev has_header relacy/relacy.hpp
  want libbenchmark-tools test -e /usr/share/benchmark/compare.py
  need_or_fetch libgtest-dev "GoogleTest >= 1.12" has_header gtest/gtest.h
}

need_browser() {
  need chromium "Chromium" has_command chromium
  need chromium-driver "chromedriver" has_command chromedriver
}

# Not every release packages it.
want_browser() {
  want chromium has_command chromium
  want chromium-driver has_command chromedriver
  want python3-selenium python_sees /usr/bin/python3 selenium
}

need_ci() {
  need g++ "g++" has_command g++
  need clang "clang >= 14" has_command clang++
  need libclang-rt-dev "clang's sanitizer runtimes" has_clang_sanitizers
  need clang-format "clang-format" has_command clang-format
  need clang-tidy "clang-tidy" has_command clang-tidy
  need shellcheck "shellcheck" has_command shellcheck
}

need_aarch64() {
  need g++-aarch64-linux-gnu "g++ for aarch64" has_command aarch64-linux-gnu-g++
  need qemu-user "qemu-aarch64" has_command qemu-aarch64
  need qemu-system-arm "qemu-system-aarch64" has_command qemu-system-aarch64
  need cpio "cpio" has_command cpio
}

need_virtual() {
  need qemu-system-x86 "qemu-system-x86_64" has_command qemu-system-x86_64
  need cpio "cpio" has_command cpio
}

need_bare() {
  need git "git" has_command git
  need debootstrap "debootstrap" has_command debootstrap
}

find_missing() { # find_missing LEVEL
  missing_packages=()
  missing_names=()
  wanted_packages=()
  case $1 in
    python | plot | compare) ;;
    run) need_build && want_peers && want_simulation ;;
    test) need_build && want_peers && want_simulation && need_tests ;;
    ci) need_build && want_peers && want_simulation && need_tests && need_ci && want_browser ;;
    browser) need_browser ;;
    aarch64) need_build && need_tests && need_aarch64 ;;
    virtual) need_build && want_peers && need_tests && need_virtual ;;
    bare) need_bare ;;
    *) refuse "setup: unknown level '$1' (plot, compare, browser, run, test, ci, aarch64, virtual, bare)" ;;
  esac
  need_python "$1"
}
