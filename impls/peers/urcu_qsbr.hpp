// Row `urcu_qsbr`: liburcu's flavour of quiescent states, online only while it decides; atomic
// counter.
//
// Source: M. Desnoyers, P. McKenney, A. Stern, M. Dagenais and J. Walpole, "User-Level
//   Implementations of Read-Copy Update", IEEE TPDS 23(2), 2012; liburcu 0.13 or newer.
// Semantics: exact (quota/packed.hpp).
// Progress: sections wait-free; see grace_period.hpp and quota/packed.hpp for the rest.
// Cost of the configuration: two loads of lines that only writers write, two stores to the thread's
//   own line, and three full fences: one to go online, two to go offline.
// Why online for each decision: the scheme is free for a reader that says when it is idle. A
//   Limiter is not told: a handle may lie unused for ever after any decision, and a thread that
//   stayed online would then stop reclamation for the whole process. So each decision pays what a
//   thread pays that goes idle after it. A service that has a loop in which to announce quiescent
//   states should use the library directly, and pays next to nothing.
// Memory: grace_period.hpp.
// Avoid when: the thread uses this flavour for its own purposes as well, since a decision leaves it
//   offline; otherwise as grace_period.hpp.
#pragma once

#include "../quota/packed.hpp"
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
  struct Reader {
    [[gnu::always_inline]] void enter() noexcept {
      if (!Flavour::is_registered()) [[unlikely]]
        detail::register_thread<Flavour>();
      urcu_qsbr_thread_online();
    }
    [[gnu::always_inline]] void leave() noexcept { urcu_qsbr_thread_offline(); }
  };

  [[nodiscard]] Reader attach() noexcept {
    if (!Flavour::is_registered()) detail::register_thread<Flavour>();
    return {};
  }
  void wait_for_readers() noexcept { urcu_qsbr_synchronize_rcu(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return 0; }
};

class urcu_qsbr : public Composed<GracePeriodSource<UrcuQsbrDomain>, PackedQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{
      .name = "urcu_qsbr",
      .summary = "liburcu, quiescent states, online only while it decides, atomic counter",
      .source = "liburcu (qsbr); Desnoyers et al., User-Level RCU, IEEE TPDS 2012",
      .exactness = Exactness::exact,
      .progress = Progress::lock_free_within_window,
      .bound = "0"};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
