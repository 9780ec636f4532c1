#include "native/rows.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace limiterbench::bench {
namespace {

std::vector<Row> collect() {
  std::vector<NumberedRow> numbered;
  [&]<std::size_t... Part>(std::index_sequence<Part...>) {
    (std::ranges::copy(rows_of_part<Part>(), std::back_inserter(numbered)), ...);
  }
  (std::make_index_sequence<LIMITERBENCH_ROW_PARTS>{});
  std::ranges::sort(numbered, {}, &NumberedRow::index);
  std::vector<Row> all;
  for (const NumberedRow& entry : numbered) all.push_back(entry.row);
  return all;
}

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> all = collect();
  return all;
}

const Row* find_row(std::string_view name) {
  const auto found =
      std::ranges::find_if(rows(), [name](const Row& row) { return row.info.name == name; });
  return found == rows().end() ? nullptr : &*found;
}

}  // namespace limiterbench::bench
