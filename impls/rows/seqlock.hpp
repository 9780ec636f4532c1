// Design `seqlock`: rule copied under a sequence lock, atomic counter.
// Properties: config/seqlock.hpp and quota/packed.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/seqlock.hpp"
#include "../quota/packed.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class seqlock : public Composed<SeqlockSource, PackedQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "seqlock",
                             .summary = "Rule copied under a sequence lock, atomic counter",
                             .source = "Boehm, Can Seqlocks Get Along, MSPC 2012",
                             .progress = Progress::blocking};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
