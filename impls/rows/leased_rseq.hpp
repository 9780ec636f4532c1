// Row `leased_rseq`: as `leased`, spent by plain stores inside restartable sequences.
//
// Source, semantics, progress, cost, memory and when to avoid it: config/hazard_pointer.hpp and
// quota/leased_rseq.hpp.
#pragma once

#include "../config/hazard_pointer.hpp"
#include "../quota/leased_rseq.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// Converts to Info at run time: only then is it known whether the kernel offers rseq.
struct LeasedRseqInfo {
  std::string_view name;
  operator Info() const noexcept {
    return {.name = name,
            .summary = "Hazard pointers; exact per-CPU leases spent by plain stores",
            .source = "original; after McKenney, perfbook ch. 5; Linux rseq(2)",
            .exactness = Exactness::exact,
            .progress = Progress::lock_free_within_lease,
            .bound = "0",
            .note = rseq_available() ? "" : "no rseq here: spends by compare-and-swap, as leased"};
  }
};

class leased_rseq : public Composed<HazardPointerSource, LeasedQuota<RseqCells>> {
 public:
  using Composed::Composed;
  static constexpr LeasedRseqInfo info{"leased_rseq"};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
