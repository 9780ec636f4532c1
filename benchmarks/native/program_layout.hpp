// Which of the programs that were linked from the same objects this is; see cmake/layouts.cmake.
#pragma once

namespace limiterbench::bench {

extern const unsigned program_layout;

}  // namespace limiterbench::bench
