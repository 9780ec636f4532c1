# An installed package first; the pinned source of the same library where there is none.
include(FetchContent)
# A library whose own minimum is older than options that obey variables still obeys those below.
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)

if(LIMITERBENCH_BENCHMARKS)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_INSTALL OFF)
  FetchContent_Declare(
    benchmark SYSTEM
    GIT_REPOSITORY https://github.com/google/benchmark.git
    GIT_TAG v1.9.1
    GIT_SHALLOW ON
    FIND_PACKAGE_ARGS 1.7)
  set(JSON_Install OFF)
  FetchContent_Declare(
    nlohmann_json SYSTEM
    GIT_REPOSITORY https://github.com/nlohmann/json.git
    GIT_TAG v3.11.3
    GIT_SHALLOW ON
    FIND_PACKAGE_ARGS 3.11)
  FetchContent_MakeAvailable(benchmark nlohmann_json)

  # hwloc has no CMake build to fall back on.
  find_package(PkgConfig)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(hwloc QUIET IMPORTED_TARGET hwloc>=2.4)
  endif()
  if(NOT hwloc_FOUND)
    message(FATAL_ERROR "hwloc 2.4 or newer was not found through pkg-config.\n"
                        "Debian, Ubuntu: apt-get install pkg-config libhwloc-dev\n"
                        "Fedora: dnf install pkgconf hwloc-devel\n"
                        "Arch: pacman -S pkgconf hwloc\n"
                        "or configure with -DLIMITERBENCH_BENCHMARKS=OFF for the headers alone.")
  endif()
endif()

if(LIMITERBENCH_TESTS)
  set(INSTALL_GTEST OFF)
  FetchContent_Declare(
    googletest SYSTEM
    GIT_REPOSITORY https://github.com/google/googletest.git
    GIT_TAG v1.14.0
    GIT_SHALLOW ON
    FIND_PACKAGE_ARGS 1.12 NAMES GTest)
  FetchContent_MakeAvailable(googletest)
endif()
