# More programs from the same objects, their functions in other places: what a design takes must not
# depend on where the linker put it.
#
# Program 0 is linked as ever. In program K the functions come in an order of their own, and each
# starts 16 * (K mod 4) bytes into a line of 64.
set(LIMITERBENCH_LAYOUTS 1 CACHE STRING "Programs to link, each with its functions in other places")

# Why there can be no more than program 0; scripts/run puts it into the record. "": there can.
set(layouts_absent "")
file(WRITE ${PROJECT_BINARY_DIR}/layouts/probe.ld
     "SECTIONS { .text.layout : SUBALIGN(16) { *(.text.probe) } }\nINSERT BEFORE .text;\n")
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LINK_OPTIONS -T${PROJECT_BINARY_DIR}/layouts/probe.ld)
set(CMAKE_REQUIRED_QUIET ON)
# Asked each time: the linker may have come or gone since.
unset(LIMITERBENCH_LINKER_REORDERS CACHE)
check_cxx_source_compiles("int main() { return 0; }" LIMITERBENCH_LINKER_REORDERS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
unset(CMAKE_REQUIRED_QUIET)
if(NOT LIMITERBENCH_LINKER_REORDERS)
  set(layouts_absent "the linker of ${CMAKE_CXX_COMPILER} takes no script with INSERT: GNU ld is missing")
elseif(NOT CMAKE_READELF)
  set(layouts_absent "readelf (of GNU binutils) is missing")
endif()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/layouts/absent CONTENT "${layouts_absent}\n")

# add_layout(K): the target limiterbench_layout_K, of the objects of limiterbench_main and the
# functions of limiterbench_harness. Sets `program` in the caller to the target.
function(add_layout number)
  set(program limiterbench_layout_${number})
  set(script ${PROJECT_BINARY_DIR}/layouts/${number}.ld)
  add_custom_command(
    OUTPUT ${script}
    COMMAND ${CMAKE_COMMAND} -Dreadelf=${CMAKE_READELF} -Dnumber=${number} -Doutput=${script}
            -Darchive=$<TARGET_FILE:limiterbench_harness> -P
            ${PROJECT_SOURCE_DIR}/cmake/order_functions.cmake
    DEPENDS limiterbench_harness ${PROJECT_SOURCE_DIR}/cmake/order_functions.cmake
    COMMENT ""
    VERBATIM)
  add_executable(${program} ${script} native/program_layout.cpp)
  target_link_options(${program} PRIVATE -T${script})
  set_target_properties(${program} PROPERTIES OUTPUT_NAME limiterbench.layout${number}
                                              LINK_DEPENDS ${script})
  set(program ${program} PARENT_SCOPE)
endfunction()
