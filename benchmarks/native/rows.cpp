#include "native/rows.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace limiterbench::bench {
namespace {

std::vector<Row> collect() {
  std::vector<Row> all;
  [&]<std::size_t... Part>(std::index_sequence<Part...>) {
    (std::ranges::copy(rows_of_part<Part>(), std::back_inserter(all)), ...);
  }
  (std::make_index_sequence<LIMITERBENCH_ROW_PARTS>{});
  return all;
}

}  // namespace

const Row* find_row(std::string_view name) {
  static const std::vector<Row> rows = collect();
  const auto found =
      std::ranges::find_if(rows, [name](const Row& row) { return row.info.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace limiterbench::bench
