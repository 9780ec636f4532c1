// Design `seqlock`: rule copied under a sequence lock, fetch_add.
// Properties: config/seqlock.hpp and quota/fetch_add.hpp.
#pragma once

#include "../composed.hpp"
#include "../config/seqlock.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class seqlock : public Composed<SeqlockSource, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "seqlock",
                             .summary = "Rule copied under a sequence lock, fetch_add",
                             .source = "Boehm, Can Seqlocks Get Along, MSPC 2012",
                             .progress = Progress::blocking};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
