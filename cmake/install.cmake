# The headers as a package: find_package(limiterbench) gives limiterbench::impls.
include(CMakePackageConfigHelpers)
set(package_dir share/cmake/limiterbench)

install(TARGETS limiterbench_impls EXPORT limiterbench)
install(
  DIRECTORY ${PROJECT_SOURCE_DIR}/impls/
  DESTINATION include/limiterbench
  FILES_MATCHING
  PATTERN "*.hpp")
install(
  EXPORT limiterbench
  NAMESPACE limiterbench::
  FILE limiterbench-targets.cmake
  DESTINATION ${package_dir})

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/limiterbench-config.cmake.in
  ${PROJECT_BINARY_DIR}/limiterbench-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/limiterbench-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/limiterbench-config.cmake
              ${PROJECT_BINARY_DIR}/limiterbench-config-version.cmake DESTINATION ${package_dir})
