// Design `urcu_qsbr`: liburcu's quiescent states, online only while it decides; fetch_add.
//
// Source: M. Desnoyers, P. McKenney, A. Stern, M. Dagenais and J. Walpole, "User-Level
//   Implementations of Read-Copy Update", IEEE TPDS 23(2), 2012; liburcu 0.13 or newer.
// Semantics: exact (quota/fetch_add.hpp).
// Progress: sections wait-free; see grace_period.hpp and quota/fetch_add.hpp for the rest.
// Cost of the configuration: two loads of lines that only writers write, two stores to the thread's
//   own line, and three full fences: one to go online, two to go offline.
//   Why online for each decision: the scheme is free for a reader that says when it is idle. A
//   limiter cannot know: a handle may lie unused forever after any decision, and a thread that
//   stayed online would then stop reclamation for the whole process. So each decision costs what
//   going idle after it costs. A service that has a loop in which to announce quiescent states
//   keeps its threads online itself: a decision then leaves them online, and needs no fence.
// Memory: grace_period.hpp.
// Avoid when: publish() is called while the thread holds references under this flavour, since it is
//   a quiescent state of its caller; or the service registers threads with this flavour after they
//   have attached (urcu.hpp); otherwise as grace_period.hpp.
#pragma once

#include <cstddef>

#include "../composed.hpp"
#include "../quota/fetch_add.hpp"
#include "grace_period.hpp"
#include "urcu.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class UrcuQsbrDomain {
  struct Flavour {
    static bool is_registered() noexcept { return URCU_TLS(urcu_qsbr_reader).registered != 0; }
    // Registration leaves a thread online.
    static void register_thread() noexcept {
      urcu_qsbr_register_thread();
      urcu_qsbr_thread_offline();
    }
    static void unregister_thread() noexcept { urcu_qsbr_unregister_thread(); }
  };

 public:
  class Reader {
   public:
    // Hazard: a service that reads under this flavour itself is online. If a decision left it
    // offline, what it reads could be freed.
    [[gnu::always_inline]] void enter() noexcept {
      UrcuThread<Flavour>::attach();
      was_online_ = urcu_qsbr_read_ongoing() != 0;
      if (!was_online_) [[likely]]
        urcu_qsbr_thread_online();
    }
    [[gnu::always_inline]] void leave() noexcept {
      if (!was_online_) [[likely]]
        urcu_qsbr_thread_offline();
    }

   private:
    bool was_online_ = false;
  };

  [[nodiscard]] Reader attach() noexcept {
    UrcuThread<Flavour>::attach();
    return {};
  }
  void wait_for_readers() noexcept { urcu_qsbr_synchronize_rcu(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return 0; }
};

class urcu_qsbr : public Composed<GracePeriodSource<UrcuQsbrDomain>, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "urcu_qsbr",
      .summary = "liburcu, quiescent states, online only while it decides, fetch_add",
      .source = "liburcu (qsbr); Desnoyers et al., User-Level RCU, IEEE TPDS 2012",
      .library = "liburcu",
      .package = "liburcu-dev",
      .progress = Progress::lock_free_within_window};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
