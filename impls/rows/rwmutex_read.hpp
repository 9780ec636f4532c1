// Design `rwmutex_read`: std::shared_mutex held shared around a fetch_add.
// Properties: config/shared_lock.hpp and quota/fetch_add.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/shared_lock.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class rwmutex_read : public Composed<SharedLockSource<sync::shared_mutex>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "rwmutex_read",
                             .summary = "std::shared_mutex held shared around a fetch_add",
                             .source = "original; the usual first fix",
                             .progress = Progress::blocking,
                             .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
