// Design `urcu_memb`: liburcu's flavour with an asymmetric fence; fetch_add.
//
// Source: M. Desnoyers, P. McKenney, A. Stern, M. Dagenais and J. Walpole, "User-Level
//   Implementations of Read-Copy Update", IEEE TPDS 23(2), 2012; liburcu 0.13 or newer.
// Semantics: exact (quota/fetch_add.hpp).
// Progress: sections wait-free; see grace_period.hpp and quota/fetch_add.hpp for the rest.
// Cost of the configuration: three loads of lines that only writers write, two stores to the
//   thread's own line; no fence, since the writer pays membarrier(2).
// Memory: grace_period.hpp.
// Avoid when: publish() must not wait for a preempted reader; or the service registers threads with
//   this flavour after they have attached (urcu.hpp).
#pragma once

#include <cstddef>

#include "../composed.hpp"
#include "../quota/fetch_add.hpp"
#include "grace_period.hpp"
#include "urcu.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class UrcuMembDomain {
  struct Flavour {
    static bool is_registered() noexcept { return URCU_TLS(urcu_memb_reader).registered != 0; }
    static void register_thread() noexcept { urcu_memb_register_thread(); }
    static void unregister_thread() noexcept { urcu_memb_unregister_thread(); }
  };

 public:
  struct Reader {
    [[gnu::always_inline]] void enter() noexcept {
      UrcuThread<Flavour>::attach();
      urcu_memb_read_lock();
    }
    [[gnu::always_inline]] void leave() noexcept { urcu_memb_read_unlock(); }
  };

  [[nodiscard]] Reader attach() noexcept {
    UrcuThread<Flavour>::attach();
    return {};
  }
  void wait_for_readers() noexcept { urcu_memb_synchronize_rcu(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return 0; }
};

class urcu_memb : public Composed<GracePeriodSource<UrcuMembDomain>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "urcu_memb",
      .summary = "liburcu, asymmetric fence by membarrier, fetch_add",
      .source = "liburcu (memb); Desnoyers et al., User-Level RCU, IEEE TPDS 2012",
      .library = "liburcu",
      .package = "liburcu-dev",
      .needs = {"membarrier"},
      .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
