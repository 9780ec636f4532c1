// The one list of rows. Tests, benchmarks, --list, the charts' legend and the README's table follow
// from it: a new row is one header under rows/ and one line here.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "rows/go_rwmutex.hpp"
#include "rows/hazard.hpp"
#include "rows/leased.hpp"
#include "rows/leased_rseq.hpp"
#include "rows/rwmutex.hpp"
#include "rows/rwmutex_read.hpp"
#include "rows/sharded.hpp"
#include "rows/snapshot.hpp"
#include "rows/unlimited.hpp"

namespace limiterbench {

template <class... Row>
struct TypeList {
  static constexpr std::size_t size = sizeof...(Row);
};

// clang-format off
using Rows = TypeList<
    unlimited,
    rwmutex,
    go_rwmutex,
    rwmutex_read,
    snapshot,
    hazard,
    sharded,
    leased,
    leased_rseq
>;
// clang-format on

namespace detail {

template <class... Row>
constexpr bool names_are_unique(TypeList<Row...>) {
  const std::array<std::string_view, sizeof...(Row)> names{Row::info.name...};
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names[i] == names[j]) return false;
    }
  }
  return true;
}

template <class... Row, class F>
void for_each(TypeList<Row...>, F&& f) {
  (f(std::type_identity<Row>{}), ...);
}

template <class... Row>
constexpr bool are_limiters(TypeList<Row...>) {
  return (Limiter<Row> && ...);
}

}  // namespace detail

static_assert(detail::names_are_unique(Rows{}), "two rows in registry.hpp have the same info.name");
static_assert(detail::are_limiters(Rows{}), "a row in registry.hpp does not satisfy Limiter");

// Calls f(std::type_identity<Row>{}) for each row, in the order of the list.
template <class F>
void for_each_row(F&& f) {
  detail::for_each(Rows{}, f);
}

}  // namespace limiterbench
