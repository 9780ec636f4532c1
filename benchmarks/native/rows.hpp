// The registry, without the types. Its rows are compiled in a few equal parts: one for each row
// would parse every library's headers once a row, one for all would leave the other CPUs idle.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "native/subject.hpp"

namespace limiterbench::bench {

// In the order of the registry.
[[nodiscard]] const std::vector<Row>& rows();
// nullptr if there is none of that name.
[[nodiscard]] const Row* find_row(std::string_view name);

struct NumberedRow {
  std::size_t index;
  Row row;
};
// Instantiated in the sources that the build generates from rows_part.cpp.in.
template <std::size_t Part>
[[nodiscard]] std::vector<NumberedRow> rows_of_part();

}  // namespace limiterbench::bench
