// Design `snapshot_value`: type-erased atomic value as Go's atomic.Value, fetch_add.
// Properties: config/atomic_value.hpp and quota/fetch_add.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/atomic_value.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class snapshot_value : public Composed<AtomicValueSource, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "snapshot_value",
                             .summary = "Type-erased atomic value as Go's, fetch_add",
                             .source = "Go, src/sync/atomic/value.go",
                             .needs = {"membarrier"},
                             .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
