// Design `bravo`: BRAVO over std::shared_mutex, held shared around a fetch_add.
// Properties: primitives/bravo_lock.hpp, config/shared_lock.hpp and quota/fetch_add.hpp. For a
// while after each reload every request, admitted or denied, writes the std::shared_mutex.
#pragma once

#include "../composed.hpp"
#include "../config/shared_lock.hpp"
#include "../primitives/bravo_lock.hpp"
#include "../quota/fetch_add.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class bravo : public Composed<SharedLockSource<BravoLock, BravoLock::SharedGuard>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "bravo",
      .summary = "std::shared_mutex with BRAVO's readers' table, around a fetch_add",
      .source = "Dice and Kogan, BRAVO, USENIX ATC 2019",
      .progress = Progress::blocking,
      .denial = Denial::writes_line_of_cpu};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
