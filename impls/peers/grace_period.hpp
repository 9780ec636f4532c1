// The configuration behind a raw pointer, freed after a library's grace period: the time until
// every reader has left the read-side section that it was in.
//
// A Domain provides
//   class Reader { void enter() noexcept; void leave() noexcept; };   movable
//   Reader attach();
//   void wait_for_readers();             until every section entered before the call has been left
//   std::size_t bytes() const noexcept;  held for its readers
//
// Progress: reads as the Domain's sections, in practice wait-free; publish() blocks for a grace
//   period once a batch.
// Cost: the Domain's enter and leave, and one load of a line that only publish() writes.
// Memory: the configuration in force and at most 64 retired ones. The libraries' asynchronous
//   reclamation (call_rcu, ck_epoch_call) would not block publish(), but puts no bound on memory
//   while a reader is preempted inside a section. Here publish() waits for that reader instead.
// Avoid when: publish() must not wait for a preempted reader.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "../published.hpp"
#include "unseen_order.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

template <class Domain>
class GracePeriodSource {
  struct Node {
    explicit Node(const Published& value) : published(value) {}
    sync::plain<Published> published;
  };

 public:
  using Reader = typename Domain::Reader;

  class Guard {
   public:
    [[gnu::always_inline]] Guard(Reader& reader, const sync::atomic<Node*>& current,
                                 std::uint32_t traffic_class) noexcept
        : reader_(reader), node_(enter(reader, current)), traffic_class_(traffic_class) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    [[gnu::always_inline]] ~Guard() {
      ordered_before(node_);
      reader_.leave();
    }
    const PublishedRule& operator*() const noexcept {
      return node_->published.read().rules[traffic_class_];
    }

   private:
    [[gnu::always_inline]] static const Node* enter(Reader& reader,
                                                    const sync::atomic<Node*>& current) noexcept {
      reader.enter();
      // (1) acquire: pairs with (2): the configuration is complete before its pointer is seen.
      return current.load(sync::acquire);
    }

    Reader& reader_;
    const Node* node_;
    std::uint32_t traffic_class_;
  };

  explicit GracePeriodSource(const Published& published) : current_(sync::make<Node>(published)) {}
  // The caller has joined with every other user: nothing is left to wait for.
  ~GracePeriodSource() {
    free_retired();
    sync::destroy(current_.load(sync::relaxed));  // relaxed: as above
  }
  GracePeriodSource(const GracePeriodSource&) = delete;
  GracePeriodSource& operator=(const GracePeriodSource&) = delete;

  [[nodiscard]] Reader attach() { return domain_.attach(); }
  [[nodiscard, gnu::always_inline]] Guard read(Reader& reader,
                                               std::uint32_t traffic_class) noexcept {
    return {reader, current_, traffic_class};
  }
  [[nodiscard]] Config config(Reader& reader) noexcept {
    reader.enter();
    // (3) acquire: pairs with (2).
    const Node* const node = current_.load(sync::acquire);
    const Config config = node->published.read().config();
    ordered_before(node);
    reader.leave();
    return config;
  }
  void publish(const Published& published) {
    Node* const next = sync::make<Node>(published);
    // relaxed, here and below: publishers are serialised, and only they write these.
    Node* const previous = current_.load(sync::relaxed);
    // (2) release: pairs with (1), (3).
    current_.store(next, sync::release);
    const std::size_t count = retired_count_.load(sync::relaxed);
    retired_[count] = previous;
    retired_count_.store(count + 1, sync::relaxed);
    if (count + 1 == retired_.size()) {
      domain_.wait_for_readers();
      free_retired();
    }
  }
  [[nodiscard]] Footprint footprint() const noexcept {
    // relaxed: a statistic.
    return {sizeof(Node) + domain_.bytes(), retired_count_.load(sync::relaxed) * sizeof(Node)};
  }

 private:
  void free_retired() noexcept {
    const std::size_t count = retired_count_.load(sync::relaxed);
    for (std::size_t i = 0; i < count; ++i) {
      ordered_after(retired_[i]);
      sync::destroy(retired_[i]);
    }
    retired_count_.store(0, sync::relaxed);
  }

  alignas(sync::false_sharing_range) sync::atomic<Node*> current_;
  alignas(sync::false_sharing_range) Domain domain_;
  std::array<Node*, 64> retired_;
  sync::atomic<std::size_t> retired_count_{0};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
