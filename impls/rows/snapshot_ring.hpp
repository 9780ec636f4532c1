// Design `snapshot_ring`: ring of eight pre-allocated snapshots, fetch_add.
// Properties: config/ring.hpp and quota/fetch_add.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/ring.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class snapshot_ring : public Composed<RingSource<8>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "snapshot_ring",
                             .summary = "Ring of eight pre-allocated snapshots, fetch_add",
                             .source = "original; after the pooled configurations of Go services",
                             .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
