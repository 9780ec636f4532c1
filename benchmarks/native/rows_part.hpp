// The definition of rows_of_part(), for the generated sources only.
#pragma once

#include <limiterbench/registry.hpp>

#include <utility>

#include "native/rows.hpp"
#include "native/subject_of.hpp"

namespace limiterbench::bench {

template <std::size_t Part>
std::vector<Row> rows_of_part() {
  std::vector<Row> part;
  // Where GCC 14 inlines the growth of this vector, it warns of an overflow that cannot happen.
  part.reserve(Rows::size);
  const auto add = [&part]<std::size_t Index, class L>() {
    if constexpr (Index % LIMITERBENCH_ROW_PARTS == Part) part.push_back(row_of<L>());
  };
  [&]<class... L, std::size_t... Index>(TypeList<L...>, std::index_sequence<Index...>) {
    (add.template operator()<Index, L>(), ...);
  }(Rows{}, std::make_index_sequence<Rows::size>{});
  return part;
}

}  // namespace limiterbench::bench
