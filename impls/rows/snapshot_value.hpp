// Design `snapshot_value`: type-erased atomic value as Go's atomic.Value, atomic counter.
// Properties: config/atomic_value.hpp and quota/packed.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/atomic_value.hpp"
#include "../quota/packed.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class snapshot_value : public Composed<AtomicValueSource, PackedQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "snapshot_value",
                             .summary = "Type-erased atomic value as Go's, atomic counter",
                             .source = "Go, src/sync/atomic/value.go",
                             .needs = {"membarrier"},
                             .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
