// The configuration behind a raw pointer, made safe by hazard pointers.
//
// Source: primitives/hazard_pointer.hpp (Michael 2004).
// Progress: reads lock-free, in practice two loads; publish lock-free but for its heavy fence.
// Cost: two loads of a line that only publish() writes, two stores to the thread's own line.
//   publish() runs a heavy fence once a batch.
// Memory: the configuration in force, and at most a batch of retired ones, whatever readers do.
// Avoid when: publish() must not allocate or make a system call.
//
// RestartableSource also lets restartable sequences read the rules without a hazard pointer: before
// a configuration is freed, every sequence that may have found it is restarted.
#pragma once

#include <cstdint>

#include "../primitives/hazard_pointer.hpp"
#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

template <bool ForSequences>
class BasicHazardPointerSource {
  struct Rules {
    sync::plain<Published> published;
  };
  // The rules come first: a sequence expects them at the node's address.
  struct Node : Rules, HazardNode<Node> {
    explicit Node(const Published& value) : Rules{sync::plain<Published>(value)} {}
  };
  using Domain = HazardDomain<Node, ForSequences>;
  using Pointer = typename Domain::Pointer;

 public:
  using Reader = Pointer;

  class Guard {
   public:
    Guard(Pointer& pointer, const Node* node, std::uint32_t traffic_class) noexcept
        : pointer_(pointer), node_(node), traffic_class_(traffic_class) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    [[gnu::always_inline]] ~Guard() { pointer_.clear(); }
    const PublishedRule& operator*() const noexcept {
      return node_->published.read().rules[traffic_class_];
    }

   private:
    Pointer& pointer_;
    const Node* node_;
    std::uint32_t traffic_class_;
  };

  explicit BasicHazardPointerSource(const Published& published)
      : current_(sync::make<Node>(published)) {}
  // relaxed: the caller has joined with every other user.
  ~BasicHazardPointerSource() { sync::destroy(current_.load(sync::relaxed)); }
  BasicHazardPointerSource(const BasicHazardPointerSource&) = delete;
  BasicHazardPointerSource& operator=(const BasicHazardPointerSource&) = delete;

  [[nodiscard]] Reader attach() { return Reader(domain_); }
  [[nodiscard, gnu::always_inline]] Guard read(Reader& reader,
                                               std::uint32_t traffic_class) noexcept {
    return {reader, reader.protect(current_), traffic_class};
  }
  [[nodiscard]] Config config(Reader& reader) noexcept {
    const Config config = reader.protect(current_)->published.read().config();
    reader.clear();
    return config;
  }
  void publish(const Published& published) {
    Node* const next = sync::make<Node>(published);
    // relaxed: publishers are serialised; their lock orders the previous store.
    Node* const previous = current_.load(sync::relaxed);
    // (1) release: pairs with (6) in primitives/hazard_pointer.hpp and (1) in quota/rseq_spend.hpp.
    current_.store(next, sync::release);
    domain_.retire(previous);
  }
  // For a restartable sequence. The node is not freed while the sequence runs.
  [[nodiscard]] const sync::atomic<Node*>& current() const noexcept requires ForSequences {
    return current_;
  }
  [[nodiscard]] Footprint footprint() const noexcept {
    return {sizeof(Node) + domain_.slot_bytes(), domain_.retired() * sizeof(Node)};
  }

 private:
  alignas(sync::false_sharing_range) sync::atomic<Node*> current_;
  alignas(sync::false_sharing_range) Domain domain_;
};

using HazardPointerSource = BasicHazardPointerSource<false>;
using RestartableSource = BasicHazardPointerSource<true>;

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
