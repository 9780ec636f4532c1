// The configuration behind xenium's concurrent_ptr, freed by one of its reclamation schemes.
//
// Source: M. Pöter, xenium, https://github.com/mpoeter/xenium; the papers of the schemes, and what
//   they guarantee and cost, are in the designs' headers.
// Memory: the library keeps retired configurations in lists of the retiring threads, for the whole
//   process and longer than the limiter lives.
// Avoid when:
//   - memory may run out: the library allocates in functions that must not throw, and the process
//     ends (the designs say where). If a handle is handed to a thread that never attached one, that
//     thread's first request allocates its record.
//   - a thread makes a request in a destructor of a thread_local object that is older than its
//     first attach(): the library has destroyed that thread's record by then, and uses it all the
//     same. At best each such thread leaves a record behind for good.
//   - several shared objects use one limiter, and the library's symbols are hidden or not merged:
//     each object then has readers of its own, and frees what another object's readers hold.
#pragma once

#include "../published.hpp"

// Under clang's ThreadSanitizer xenium defines this as nothing, which breaks other headers' #if.
#if LIMITERBENCH_TSAN && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#include <array>  // xenium uses it without including it
#include <cstdint>
#include <xenium/reclamation/generic_epoch_based.hpp>
#include <xenium/reclamation/hazard_pointer.hpp>

#include "alive_count.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

template <class Reclaimer>
class XeniumSource {
  struct Node : Reclaimer::template enable_concurrent_ptr<Node> {
    Node(const Published& value, const AliveCount& alive) : published(value), member(alive) {}
    sync::plain<Published> published;
    AliveCount::Member member;
  };
  using Pointer = typename Reclaimer::template concurrent_ptr<Node, 0>;
  using Protection = typename Pointer::guard_ptr;

 public:
  struct Reader {};

  class Guard {
   public:
    [[gnu::always_inline]] Guard(const Pointer& current, std::uint32_t traffic_class) noexcept
        : traffic_class_(traffic_class) {
      // (1) acquire: pairs with (2): the configuration is complete before its pointer is seen.
      protection_.acquire(current, sync::acquire);
    }
    const PublishedRule& operator*() const noexcept {
      return protection_->published.read().rules[traffic_class_];
    }

   private:
    Protection protection_;
    std::uint32_t traffic_class_;
  };

  explicit XeniumSource(const Published& published)
      : current_(typename Pointer::marked_ptr(sync::make<Node>(published, alive_))) {}
  // relaxed: the caller has joined with every other user.
  ~XeniumSource() { sync::destroy(current_.load(sync::relaxed).get()); }
  XeniumSource(const XeniumSource&) = delete;
  XeniumSource& operator=(const XeniumSource&) = delete;

  // Protects once, to make the library allocate the thread's record here.
  [[nodiscard]] Reader attach() {
    Protection protection;
    // (3) acquire: pairs with (2).
    protection.acquire(current_, sync::acquire);
    return {};
  }
  [[nodiscard, gnu::always_inline]] Guard read(Reader&, std::uint32_t traffic_class) noexcept {
    return {current_, traffic_class};
  }
  [[nodiscard]] Config config(Reader&) noexcept {
    Protection protection;
    // (4) acquire: pairs with (2).
    protection.acquire(current_, sync::acquire);
    return protection->published.read().config();
  }
  void publish(const Published& published) {
    // First, since it throws if the thread is new to the library and memory has run out.
    Protection previous;
    // relaxed: publishers are serialised; their lock orders the previous store.
    previous.acquire(current_, sync::relaxed);
    Node* const next = sync::make<Node>(published, alive_);
    // (2) release: pairs with (1), (3), (4).
    current_.store(typename Pointer::marked_ptr(next), sync::release);
    previous.reclaim();
  }
  [[nodiscard]] Footprint footprint() const noexcept {
    return {sizeof(Node), (alive_.value() - 1) * sizeof(Node)};
  }

 private:
  AliveCount alive_;
  alignas(sync::false_sharing_range) Pointer current_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
