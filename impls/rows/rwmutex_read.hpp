// Design `rwmutex_read`: std::shared_mutex held shared around an atomic counter.
// Properties: config/shared_lock.hpp and quota/packed.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/shared_lock.hpp"
#include "../quota/packed.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class rwmutex_read : public Composed<SharedLockSource<sync::shared_mutex>, PackedQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "rwmutex_read",
                             .summary = "std::shared_mutex held shared around an atomic counter",
                             .source = "original; the usual first fix",
                             .progress = Progress::blocking,
                             .denial = Denial::writes_shared_line};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
