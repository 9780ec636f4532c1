// Design `snapshot`: immutable snapshot in std::atomic<std::shared_ptr>, atomic counter.
// Properties: config/shared_pointer.hpp and quota/packed.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/shared_pointer.hpp"
#include "../quota/packed.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class snapshot : public Composed<SharedPointerSource, PackedQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "snapshot",
      .summary = "Immutable snapshot in std::atomic<std::shared_ptr>, atomic counter",
      .source = "C++20 [util.smartptr.atomic]",
      .progress = Progress::blocking,
      .denial = Denial::writes_shared_line,
      .note = SharedPointerSource::note};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
