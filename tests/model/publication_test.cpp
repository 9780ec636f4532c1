// What a reader of a published pointer may rely on, as runnable checks. docs/memory-ordering.md
// tells the story; each line printed here is one of its claims.
//
// (a) x = 1; store(flag, 1) against load(flag) == 1: is x seen? Only if the store releases and the
//     load acquires, and only by a load that observed the store.
// (b) A pointer published before its object is complete, or an object changed after its pointer was
//     published, is a data race, however the pointer itself is accessed.
#include "model.hpp"

namespace limiterbench::model {
namespace {

using sync::memory_order;

template <memory_order store, memory_order load>
struct message_passing : Model {
  static constexpr int threads = 2;
  sync::plain<int> x;
  sync::atomic<int> flag;
  void thread(unsigned index) override {
    if (index == 0) {
      x.write() = 1;
      flag.store(1, store);
    } else if (flag.load(load) == 1) {
      require(x.read() == 1, "flag seen, x not");
    }
  }
};

// The same, by a reader that does not look at what its load returned.
struct not_observed : Model {
  static constexpr int threads = 2;
  sync::plain<int> x;
  sync::atomic<int> flag;
  void thread(unsigned index) override {
    if (index == 0) {
      x.write() = 1;
      flag.store(1, sync::seq_cst);
    } else {
      static_cast<void>(flag.load(sync::seq_cst));
      static_cast<void>(x.read());
    }
  }
};

struct Settings {
  explicit Settings(int value) : limit(value), window(value) {}
  sync::plain<int> limit, window;
};

struct Publication : Model {
  static constexpr int threads = 2;
  sync::atomic<Settings*> current{nullptr};
  void reader() {
    const Settings* const settings = current.load(sync::acquire);
    if (settings != nullptr)
      require(settings->limit.read() == settings->window.read(), "torn settings");
  }
  // relaxed: after() is ordered with the threads.
  void after() override { sync::destroy(current.load(sync::relaxed)); }
};

struct construct_then_publish : Publication {
  void thread(unsigned index) override {
    if (index == 0) {
      current.store(sync::make<Settings>(1), sync::release);
    } else {
      reader();
    }
  }
};

struct publish_then_construct : Publication {
  void thread(unsigned index) override {
    if (index == 0) {
      Settings* const settings = sync::make<Settings>(1);
      current.store(settings, sync::release);
      settings->limit.write() = 2;
      settings->window.write() = 2;
    } else {
      reader();
    }
  }
};

// Published complete; changed in place later, under a lock that readers do not take.
struct mutate_after_publish : Publication {
  sync::mutex writers;
  void before() override { current.store(sync::make<Settings>(1), sync::relaxed); }
  void thread(unsigned index) override {
    if (index == 0) {
      const sync::lock_guard<sync::mutex> lock(writers);
      Settings* const settings = current.load(sync::acquire);
      settings->limit.write() = 2;
      settings->window.write() = 2;
    } else {
      reader();
    }
  }
};

// The remedy: copy, change the copy, publish it. The old one is left to after(), since freeing it
// is the next lesson: the readers may still use it.
struct copy_then_publish : Publication {
  Settings* previous = nullptr;
  void before() override { current.store(sync::make<Settings>(1), sync::relaxed); }
  void thread(unsigned index) override {
    if (index == 0) {
      previous = current.exchange(sync::make<Settings>(2), sync::acq_rel);
    } else {
      reader();
    }
  }
  void after() override {
    sync::destroy(previous);
    Publication::after();
  }
};

struct copy_publish_and_free : copy_then_publish {
  void thread(unsigned index) override {
    copy_then_publish::thread(index);
    if (index == 0) sync::destroy(std::exchange(previous, nullptr));
  }
};

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  using namespace limiterbench::sync;
  const Search tree = Search::tree(100'000);
  const Search random = Search::random(20'000);
  const auto race = rl::test_result_data_race;
  Report report;
  report.caught<message_passing<relaxed, relaxed>>("x, then flag: relaxed", race, {tree});
  report.caught<message_passing<release, relaxed>>("x, then flag: release, relaxed", race, {tree});
  report.caught<message_passing<relaxed, acquire>>("x, then flag: relaxed, acquire", race, {tree});
  report.clean<message_passing<release, acquire>>("x, then flag: release, acquire", {tree, random});
  report.clean<message_passing<seq_cst, seq_cst>>("x, then flag: seq_cst", {tree, random});
  report.caught<not_observed>("x, then flag: store not observed", race, {tree});
  report.clean<construct_then_publish>("construct, then publish", {tree, random});
  report.caught<publish_then_construct>("publish, then construct", race, {tree});
  report.caught<mutate_after_publish>("publish, then change in place", race, {tree});
  report.clean<copy_then_publish>("copy, change the copy, publish", {tree, random});
  report.caught<copy_publish_and_free>("copy, publish, free at once",
                                       rl::test_result_access_to_freed_memory, {tree});
  return report.status();
}
