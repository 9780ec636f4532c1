// The registry's designs, ready to be measured. They are compiled in a few equal parts: one part
// for each would parse every library's headers each time, a single one would leave the other CPUs
// idle.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "native/subject.hpp"

namespace limiterbench::bench {

// nullptr if there is none of that name.
[[nodiscard]] const Row* find_row(std::string_view name);

// Instantiated in the sources that the build generates from rows_part.cpp.in.
template <std::size_t Part>
[[nodiscard]] std::vector<Row> rows_of_part();

}  // namespace limiterbench::bench
