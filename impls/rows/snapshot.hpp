// Design `snapshot`: immutable snapshot in std::atomic<std::shared_ptr>, fetch_add.
// Properties: config/shared_pointer.hpp and quota/fetch_add.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/shared_pointer.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class snapshot : public Composed<SharedPointerSource, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "snapshot",
      .summary = "Immutable snapshot in std::atomic<std::shared_ptr>, fetch_add",
      .source = "C++20 [util.smartptr.atomic]",
      .progress = Progress::blocking,
      .denial = Denial::writes_shared_line,
      .note = SharedPointerSource::note};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
