// Design `libcds_hp`: libcds's hazard pointers; fetch_add.
//
// Source: M. Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects", IEEE TPDS
//   15(6), 2004; libcds 2.3 or newer.
// Semantics: exact (quota/fetch_add.hpp).
// Progress: reads lock-free; publish lock-free but for the allocator.
// Cost of the configuration: two loads of a line that only writers write, two stores and a
//   read-modify-write to the thread's own lines, and three calls into the library to find them.
// Memory: the library keeps retired configurations in an array of the retiring thread, for the
//   whole process and longer than the limiter lives: at most twice as many as threads may attach.
// Avoid when:
//   - more than 512 threads are attached at once, or the process uses libcds for something else:
//     both limits are set once, by whoever starts the library first.
//   - a handle is handed to a thread that never attached one: its first request allocates, and ends
//     the process if it cannot.
//   - several shared objects built by clang use one limiter: each has its own copy of what the
//     library keeps for a thread.
#pragma once

#include <cds/gc/hp.h>
#include <cds/init.h>

#include <cstddef>
#include <cstdint>

#include "../composed.hpp"
#include "../quota/fetch_add.hpp"
#include "alive_count.hpp"
#include "unseen_order.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

// Starts the library once, and attaches the calling thread to it until the thread ends. The library
// is never stopped: a thread may outlive every static object.
//
// A thread may make a request even later: in the destructor of a thread_local object that is older
// than its first use, or of a key of pthread_setspecific(). From then on it checks each time
// whether it is attached: the destructor of the library's own key may detach it at any time.
class LibcdsThread {
 public:
  [[gnu::always_inline]] static void attach() {
    if (!is_attached) [[unlikely]]
      attach_slowly();
  }

 private:
  static constexpr std::size_t hazards_per_thread = 1;
  static constexpr std::size_t max_threads = 512;

  [[gnu::noinline]] static void attach_slowly() {
    struct Library {
      Library() {
        cds::Initialize();
        cds::gc::hp::smr::construct(hazards_per_thread, max_threads);
      }
    };
    // Stands for the records that the library hands from one thread to a later one.
    static char records;
    struct AtThreadExit {
      AtThreadExit() {
        cds::threading::Manager::attachThread();
        ordered_after(&records);
        is_attached = true;
      }
      ~AtThreadExit() {
        is_attached = false;
        is_ending = true;
        ordered_before(&records);
        cds::threading::Manager::detachThread();
      }
    };
    static const Library library;
    static_cast<void>(library);
    if (is_ending) {
      if (!cds::threading::Manager::isThreadAttached()) cds::threading::Manager::attachThread();
      return;
    }
    static thread_local const AtThreadExit at_thread_exit;
    static_cast<void>(at_thread_exit);
  }

  static inline constinit thread_local bool is_attached = false;
  static inline constinit thread_local bool is_ending = false;
};

class LibcdsHazardSource {
  struct Node {
    Node(const Published& value, const AliveCount& alive) : published(value), member(alive) {}
    sync::plain<Published> published;
    AliveCount::Member member;
  };
  struct Disposer {
    void operator()(Node* node) const noexcept {
      ordered_after(node);
      sync::destroy(node);
    }
  };
  using Pointer = sync::atomic<Node*>;

 public:
  struct Reader {};

  class Guard {
   public:
    [[gnu::always_inline]] Guard(const Pointer& current, std::uint32_t traffic_class)
        : node_(protection_.protect(current)), traffic_class_(traffic_class) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    [[gnu::always_inline]] ~Guard() { ordered_before(node_); }
    const PublishedRule& operator*() const noexcept { return published().rules[traffic_class_]; }
    const Published& published() const noexcept { return node_->published.read(); }

   private:
    cds::gc::HP::Guard protection_;
    const Node* node_;
    std::uint32_t traffic_class_;
  };

  explicit LibcdsHazardSource(const Published& published)
      : current_(sync::make<Node>(published, alive_)) {}
  // relaxed: the caller has joined with every other user.
  ~LibcdsHazardSource() { sync::destroy(current_.load(sync::relaxed)); }
  LibcdsHazardSource(const LibcdsHazardSource&) = delete;
  LibcdsHazardSource& operator=(const LibcdsHazardSource&) = delete;

  [[nodiscard]] Reader attach() {
    LibcdsThread::attach();
    return {};
  }
  [[nodiscard, gnu::always_inline]] Guard read(Reader&, std::uint32_t traffic_class) noexcept {
    LibcdsThread::attach();  // a handle may have been handed to this thread
    return {current_, traffic_class};
  }
  [[nodiscard]] Config config(Reader& reader) noexcept {
    return read(reader, 0).published().config();
  }
  void publish(const Published& published) {
    LibcdsThread::attach();
    Node* const next = sync::make<Node>(published, alive_);
    // relaxed: publishers are serialised; their lock orders the previous store.
    Node* const previous = current_.load(sync::relaxed);
    // (1) release: pairs with the acquire load in cds::gc::HP::Guard::protect().
    current_.store(next, sync::release);
    cds::gc::HP::retire<Disposer>(previous);
  }
  [[nodiscard]] Footprint footprint() const noexcept {
    return {sizeof(Node), (alive_.value() - 1) * sizeof(Node)};
  }

 private:
  AliveCount alive_;
  alignas(sync::false_sharing_range) Pointer current_;
};

class libcds_hp : public Composed<LibcdsHazardSource, FetchAddQuota> {
 public:
  using Composed::Composed;
  static constexpr Info info{.name = "libcds_hp",
                             .summary = "libcds, hazard pointers, fetch_add",
                             .source = "libcds (gc::HP); Michael, Hazard Pointers, IEEE TPDS 2004",
                             .library = "libcds",
                             .package = "libcds-dev",
                             .progress = Progress::lock_free_within_window,
                             .survives_bad_alloc = false};
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
