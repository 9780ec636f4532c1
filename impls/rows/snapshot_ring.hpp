// Design `snapshot_ring`: ring of eight pre-allocated snapshots, atomic counter.
// Properties: config/ring.hpp and quota/packed.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/ring.hpp"
#include "../quota/packed.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class snapshot_ring : public Composed<RingSource<8>, PackedQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "snapshot_ring",
                             .summary = "Ring of eight pre-allocated snapshots, atomic counter",
                             .source = "original; after the pooled configurations of Go services",
                             .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
