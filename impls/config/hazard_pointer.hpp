// The configuration behind a raw pointer, made safe by hazard pointers.
//
// Source: primitives/hazard_pointer.hpp (Michael 2004).
// Progress: reads lock-free, in practice two loads; publish lock-free but for a heavy fence once a
//   batch.
// Cost: two loads of a line that only publish() writes, two stores to the thread's own line.
// Memory: the configuration in force, and at most a batch of retired ones, whatever readers do.
// Avoid when: publish() is called from a context that must not allocate or make a system call.
#pragma once

#include "../primitives/hazard_pointer.hpp"
#include "../published.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class HazardPointerSource {
  struct Node : HazardNode<Node> {
    explicit Node(const Published& value) : published(value) {}
    sync::plain<Published> published;
  };
  using Pointer = typename HazardDomain<Node>::Pointer;

 public:
  using Reader = Pointer;

  class Guard {
   public:
    Guard(Pointer& pointer, const Node* node, std::uint32_t traffic_class) noexcept
        : pointer_(pointer), node_(node), traffic_class_(traffic_class) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { pointer_.clear(); }
    const PublishedRule& operator*() const noexcept {
      return node_->published.read().rules[traffic_class_];
    }

   private:
    Pointer& pointer_;
    const Node* node_;
    std::uint32_t traffic_class_;
  };

  explicit HazardPointerSource(const Published& published)
      : current_(sync::make<Node>(published)) {}
  // relaxed: the caller has joined with every other user.
  ~HazardPointerSource() { sync::destroy(current_.load(sync::relaxed)); }
  HazardPointerSource(const HazardPointerSource&) = delete;
  HazardPointerSource& operator=(const HazardPointerSource&) = delete;

  [[nodiscard]] Reader attach() { return Reader(domain_); }
  [[nodiscard]] Guard read(Reader& reader, std::uint32_t traffic_class) noexcept {
    return {reader, reader.protect(current_), traffic_class};
  }
  [[nodiscard]] Config config(Reader& reader) noexcept {
    const Config config = reader.protect(current_)->published.read().config();
    reader.clear();
    return config;
  }
  void publish(const Published& published) {
    Node* const next = sync::make<Node>(published);
    // relaxed: publishers are serialised, so this one's predecessor is ordered by their lock.
    Node* const previous = current_.load(sync::relaxed);
    // (1) release: pairs with (6) in primitives/hazard_pointer.hpp.
    current_.store(next, sync::release);
    domain_.retire(previous);
  }
  [[nodiscard]] Footprint footprint() const noexcept {
    return {sizeof(Node) + domain_.slot_bytes(), domain_.retired() * sizeof(Node)};
  }

 private:
  alignas(sync::false_sharing_range) sync::atomic<Node*> current_;
  alignas(sync::false_sharing_range) HazardDomain<Node> domain_;
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
