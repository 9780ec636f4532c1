# Linked privately by this project's own targets; never exported, so that a user's build keeps its
# own warnings.
add_library(limiterbench_warnings INTERFACE)
target_compile_options(
  limiterbench_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion $<$<BOOL:${LIMITERBENCH_WERROR}>:-Werror>)
# In a unity build the files of a target share one scope, and names shadow those of strangers.
if(NOT CMAKE_UNITY_BUILD)
  target_compile_options(limiterbench_warnings INTERFACE -Wshadow)
endif()
