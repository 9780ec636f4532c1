// Design `boost_shared_mutex`: boost::shared_mutex held shared around a fetch_add.
//
// Source: Boost.Thread 1.74 or newer; A. Terekhov's fair algorithm, a mutex and three condition
//   variables around a state.
// Cost: the shared acquire and the release each lock and unlock the inner mutex: readers do wait
//   for each other. Otherwise config/shared_lock.hpp and quota/fetch_add.hpp.
#pragma once

#include <boost/thread/shared_mutex.hpp>

#include "../composed.hpp"
#include "../config/shared_lock.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class boost_shared_mutex : public Composed<SharedLockSource<boost::shared_mutex>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "boost_shared_mutex",
      .summary = "Boost.Thread's shared_mutex held shared around a fetch_add",
      .source = "Boost.Thread (shared_mutex); Terekhov's algorithm",
      .library = "Boost",
      .package = "libboost-thread-dev",
      .progress = Progress::blocking,
      .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
