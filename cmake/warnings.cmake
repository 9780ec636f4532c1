# Linked privately by this project's own targets; never exported, so that a user's build keeps its
# own warnings.
add_library(limiterbench_warnings INTERFACE)
target_compile_options(
  limiterbench_warnings INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                  $<$<BOOL:${LIMITERBENCH_WERROR}>:-Werror>)
