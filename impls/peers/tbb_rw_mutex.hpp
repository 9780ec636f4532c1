// Design `tbb_rw_mutex`: tbb::rw_mutex held shared around a fetch_add.
//
// Source: oneTBB 2021.6 or newer: one word that counts readers; a waiting writer keeps new readers
//   out and therefore does not starve.
// Other properties: config/shared_lock.hpp and quota/fetch_add.hpp.
#pragma once

#include <oneapi/tbb/rw_mutex.h>

#include "../composed.hpp"
#include "../config/shared_lock.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class tbb_rw_mutex : public Composed<SharedLockSource<tbb::rw_mutex>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "tbb_rw_mutex",
                             .summary = "oneTBB's rw_mutex held shared around a fetch_add",
                             .source = "oneTBB (rw_mutex)",
                             .library = "oneTBB",
                             .package = "libtbb-dev",
                             .progress = Progress::blocking,
                             .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
