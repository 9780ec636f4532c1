// Design `leased_rseq`: as `leased`, spent by plain stores inside restartable sequences.
// Properties: for nearly every request, which one sequence admits, quota/rseq_spend.hpp; for the
// others quota/leased_rseq.hpp and config/hazard_pointer.hpp.
#pragma once

#include <cstdint>
#include <string_view>

#include "../composed.hpp"
#include "../config/hazard_pointer.hpp"
#include "../quota/rseq_spend.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// Converts to Info at run time, when it is known whether the kernel offers rseq.
struct LeasedRseqInfo {
  std::string_view name;
  operator Info() const noexcept {
    return {.name = name,
            .summary = "Exact per-CPU leases; rule read and permit spent in one sequence",
            .source = "original; after McKenney, perfbook ch. 5; Linux rseq(2)",
            .needs = {"membarrier", "rseq"},
            .progress = Progress::lock_free_within_lease,
            .note = sync::rseq_available() ? ""
                                           : "no rseq here: spends by compare-and-swap, as leased"};
  }
};

class leased_rseq : public Composed<RestartableSource, RseqQuota> {
 public:
  using Composed::Composed;
  static constexpr LeasedRseqInfo info{"leased_rseq"};

  [[nodiscard, gnu::always_inline]] Decision try_acquire(Handle& handle,
                                                         const Request& request) noexcept {
    std::uint64_t version;
    if (request.traffic_class < class_count && request.cost != 0 && request.now <= max_now &&
        quota().try_spend(source().current(), request, version)) [[likely]]
      return admit(handle, request, version);
    return decide_composed(handle, request.traffic_class, request.cost, request.now);
  }

 private:
  // Out of line and with the request in registers, as Composed::decide().
  [[nodiscard, gnu::noinline]] Decision decide_composed(Handle& handle, std::uint32_t traffic_class,
                                                        Permits cost, Nanoseconds now) noexcept {
    return Composed::try_acquire(handle, {traffic_class, cost, now});
  }
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
