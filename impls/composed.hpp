// A limiter made of two independent choices: where the configuration comes from (Source, under
// config/) and how usage is counted (Quota, under quota/). To see what each costs, vary just one.
//
// A Source provides
//   explicit Source(const Published&);
//   class Reader;  Reader attach();             per-thread state, RAII
//   auto read(Reader&, traffic_class) noexcept;  a guard: *guard is a const PublishedRule&
//   Config config(Reader&) noexcept;
//   void publish(const Published&);              calls are serialised by Composed
//   Footprint footprint() const noexcept;
// A Quota provides
//   Taken try_take(traffic_class, const PublishedRule&, cost, now) noexcept;
//                                                the common case, inlined
//   Verdict take(traffic_class, const PublishedRule&, cost, now) noexcept;
//                                                everything else
//   void adopt(traffic_class, const PublishedRule&) noexcept;
//                                                puts a changed rule in force; serialised
//   Permits error_bound(const Rule&, cost) const noexcept;
//   Footprint footprint() const noexcept;
//
// Code that an admitted request runs is marked always_inline wherever a compiler might leave a
// call. Code that only other requests run (rollover, denial, refill) is marked noinline: inlining
// it makes the fast path spill registers. Without the marks the compiler would decide by estimates,
// which differ from design to design. A test disassembles every design's loop.
#pragma once

#include <cstdint>
#include <utility>

#include "published.hpp"  // IWYU pragma: export
#include "quota/verdict.hpp"
#include "streaks.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// What an attempt came to: a decision, or none because the rule or the window that it read is no
// longer in force.
// A refusal without a reason, which nothing else makes, stands for the second case: an attempt is
// two words, like a Decision, and is returned in registers.
class Attempt {
 public:
  Attempt(Decision decision) noexcept : decision_(decision) {}
  [[nodiscard]] static Attempt stale() noexcept { return Decision::refuse(Reason::none, 0); }

  [[nodiscard]] bool is_stale() const noexcept {
    return decision_.never() && decision_.reason() == Reason::none;
  }
  [[nodiscard]] const Decision& decision() const noexcept { return decision_; }

 private:
  Decision decision_;
};

template <class Source, class Quota>
class Composed {
 public:
  // Aligned: a request writes its handle, and a service may keep all threads' handles in a table.
  class alignas(sync::false_sharing_range) Handle {
   public:
    explicit Handle(typename Source::Reader reader) : reader_(std::move(reader)) {}

   private:
    friend Composed;
    typename Source::Reader reader_;
    Streaks streaks_;
  };

  explicit Composed(const Config& config)
      : latest_(succeed(Published{}, config)), source_(latest_) {
    adopt_changed(Published{});
  }

  [[nodiscard]] Handle attach() { return Handle(source_.attach()); }

  [[nodiscard, gnu::always_inline]] Decision try_acquire(Handle& handle,
                                                         const Request& request) noexcept {
    if (request.traffic_class >= class_count) [[unlikely]]
      return refuse_class(handle);
    const Attempt first = attempt(handle, request);
    if (!first.is_stale()) [[likely]]
      return first.decision();
    return retry(handle, request.traffic_class, request.cost, request.now);
  }

  [[nodiscard]] Config config(Handle& handle) noexcept { return source_.config(handle.reader_); }

  void publish(const Config& config) {
    const sync::lock_guard<sync::mutex> lock(publishing_);
    const Published previous = latest_;
    const Published next = succeed(previous, config);
    source_.publish(next);
    latest_ = next;
    adopt_changed(previous);
  }

  [[nodiscard]] Footprint footprint() const noexcept {
    const Footprint source = source_.footprint();
    const Footprint quota = quota_.footprint();
    return {source.live + quota.live, source.retired + quota.retired};
  }

  [[nodiscard]] Permits error_bound(const Rule& rule, Permits cost) const noexcept {
    return quota_.error_bound(rule, cost);
  }

 protected:
  // For designs that first try to admit a request in a way of their own.
  Source& source() noexcept { return source_; }
  Quota& quota() noexcept { return quota_; }
  [[gnu::always_inline]] static Decision admit(Handle& handle, const Request& request,
                                               std::uint64_t version) noexcept {
    handle.streaks_.admit(request.traffic_class);
    return Decision::admit(version);
  }

 private:
  // Once this returns, no request can be admitted under a replaced rule.
  void adopt_changed(const Published& previous) noexcept {
    for (std::uint32_t i = 0; i < class_count; ++i) {
      if (latest_.rules[i].epoch != previous.rules[i].epoch) quota_.adopt(i, latest_.rules[i]);
    }
  }

  [[nodiscard, gnu::always_inline]] Attempt attempt(Handle& handle,
                                                    const Request& request) noexcept {
    const auto guard = source_.read(handle.reader_, request.traffic_class);
    const PublishedRule& rule = *guard;
    if (is_admissible(request, rule.rule)) [[likely]] {
      const Taken counted = quota_.try_take(request.traffic_class, rule, request.cost, request.now);
      if (counted) [[likely]]
        return admit(handle, request, counted.version);
    }
    return decide(handle, request.traffic_class, request.cost, request.now, rule);
  }

  // Out of line: inlining this loop makes the admitting path spill registers.
  [[nodiscard, gnu::noinline]] Decision retry(Handle& handle, std::uint32_t traffic_class,
                                              Permits cost, Nanoseconds now) noexcept {
    for (;;) {
      const Attempt next = attempt(handle, {traffic_class, cost, now});
      if (!next.is_stale()) return next.decision();
    }
  }

  // All but the common case, out of line to save the admitting path's registers. The request is
  // passed in registers: a caller need not have it in memory.
  [[nodiscard, gnu::noinline]] Attempt decide(Handle& handle, std::uint32_t traffic_class,
                                              Permits cost, Nanoseconds now,
                                              const PublishedRule& rule) noexcept {
    const Request request{traffic_class, cost, now};
    if (!is_admissible(request, rule.rule)) return refusal(request, rule);
    const Verdict verdict = quota_.take(traffic_class, rule, cost, now);
    switch (verdict.kind) {
      case Verdict::Kind::admitted: return admit(handle, request, rule.version);
      case Verdict::Kind::denied:
        return handle.streaks_.deny(traffic_class, rule, verdict.end, now);
      case Verdict::Kind::stale:
      case Verdict::Kind::again: break;
    }
    return Attempt::stale();
  }

  [[gnu::noinline]] Decision refuse_class(Handle& handle) noexcept {
    const auto guard = source_.read(handle.reader_, 0);
    return Decision::refuse(Reason::class_unknown, (*guard).version);
  }

  sync::mutex publishing_;
  Published latest_;  // guarded by publishing_
  Source source_;
  Quota quota_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
