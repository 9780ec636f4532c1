include(GoogleTest)

# limiterbench_test(NAME SOURCE... [LINK LIBRARY...]): one GoogleTest program, each of its tests one
# ctest, which runs alone: most use threads or the clock. Tests are listed when ctest starts, not when
# the program is linked, so that a program which cannot run on the building machine can still be
# built.
function(limiterbench_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE limiterbench::impls ${arg_LINK} GTest::gtest_main
                                        limiterbench_warnings)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES RUN_SERIAL ON)
endfunction()
