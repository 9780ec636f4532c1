// The one list of designs. Tests, benchmarks, --list, the charts' legend and the README's table
// follow from it: a new design is one header under rows/ and one line here.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "rows/bravo.hpp"
#include "rows/compare_exchange.hpp"
#include "rows/gcra.hpp"
#include "rows/go_rwmutex.hpp"
#include "rows/hazard.hpp"
#include "rows/leased.hpp"
#include "rows/leased_rseq.hpp"
#include "rows/left_right.hpp"
#include "rows/mcs.hpp"
#include "rows/mutex.hpp"
#include "rows/rwmutex.hpp"
#include "rows/rwmutex_read.hpp"
#include "rows/seqlock.hpp"
#include "rows/sharded.hpp"
#include "rows/snapshot.hpp"
#include "rows/snapshot_ring.hpp"
#include "rows/snapshot_value.hpp"
#include "rows/unlimited.hpp"

// Designs on other people's libraries, each included if the build found the library.
#if LIMITERBENCH_WITH_URCU
#include "peers/urcu_memb.hpp"
#include "peers/urcu_qsbr.hpp"
#endif
#if LIMITERBENCH_WITH_CK
#include "peers/ck_brlock.hpp"
#include "peers/ck_epoch.hpp"
#endif
#if LIMITERBENCH_WITH_XENIUM
#include "peers/xenium_ebr.hpp"
#include "peers/xenium_hp.hpp"
#endif
#if LIMITERBENCH_WITH_LIBCDS
#include "peers/libcds_hp.hpp"
#endif
#if LIMITERBENCH_WITH_TBB
#include "peers/tbb_rw_mutex.hpp"
#endif
#if LIMITERBENCH_WITH_ABSL
#include "peers/absl_mutex.hpp"
#endif
#if LIMITERBENCH_WITH_BOOST_THREAD
#include "peers/boost_shared_mutex.hpp"
#endif

namespace limiterbench {

template <class... Row>
struct TypeList {
  static constexpr std::size_t size = sizeof...(Row);
};

// clang-format off
using Rows = TypeList<
    unlimited,
    mutex,
    rwmutex,
    go_rwmutex,
    mcs,
    rwmutex_read,
    bravo,
    snapshot,
    snapshot_value,
    snapshot_ring,
    hazard,
    compare_exchange,
    sharded,
    leased,
    leased_rseq,
    seqlock,
    left_right,
    gcra
#if LIMITERBENCH_WITH_URCU
    , urcu_qsbr
    , urcu_memb
#endif
#if LIMITERBENCH_WITH_CK
    , ck_epoch
    , ck_brlock
#endif
#if LIMITERBENCH_WITH_XENIUM
    , xenium_hp
    , xenium_ebr
#endif
#if LIMITERBENCH_WITH_LIBCDS
    , libcds_hp
#endif
#if LIMITERBENCH_WITH_TBB
    , tbb_rw_mutex
#endif
#if LIMITERBENCH_WITH_ABSL
    , absl_mutex
#endif
#if LIMITERBENCH_WITH_BOOST_THREAD
    , boost_shared_mutex
#endif
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

static_assert(detail::names_are_unique(Rows{}),
              "two designs in registry.hpp have the same info.name");
static_assert(detail::are_limiters(Rows{}), "a design in registry.hpp does not satisfy Limiter");

// Calls f(std::type_identity<Row>{}) for each design, in the order of the list.
template <class F>
void for_each_row(F&& f) {
  detail::for_each(Rows{}, f);
}

}  // namespace limiterbench
