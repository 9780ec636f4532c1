// The checker must find the faults that the models are there to exclude: memory used after it was
// freed, freed twice, never freed, freed in no order with its last use; data raced for; deadlock.
#include "model.hpp"

namespace limiterbench::model {
namespace {

using Data = sync::plain<int>;

// One thread takes the object out and frees it, the other uses what it had found.
struct use_after_free : Model {
  static constexpr int threads = 2;
  sync::atomic<Data*> current{nullptr};
  void before() override { current.store(sync::make<Data>(1), sync::relaxed); }
  void thread(unsigned index) override {
    if (index == 0) {
      sync::destroy(current.exchange(nullptr, sync::acq_rel));
    } else if (const Data* data = current.load(sync::acquire)) {
      require(data->read() == 1, "freed memory was reused");
    }
  }
};

// The user has finished, but says so in a way that orders nothing.
struct unordered_free : Model {
  static constexpr int threads = 2;
  Data* data = nullptr;
  sync::atomic<bool> finished{false};
  void before() override { data = sync::make<Data>(1); }
  void thread(unsigned index) override {
    if (index == 0) {
      while (!finished.load(sync::relaxed)) sync::pause();
      sync::destroy(data);
    } else {
      require(data->read() == 1, "freed memory was reused");
      finished.store(true, sync::relaxed);
    }
  }
};

struct double_free : Model {
  static constexpr int threads = 1;
  void thread(unsigned) override {
    int* const data = sync::make<int>(1);
    sync::destroy(data);
    sync::destroy(data);
  }
};

struct object_leaked : Model {
  static constexpr int threads = 1;
  void thread(unsigned) override { static_cast<void>(sync::make<int>(1)); }
};

struct array_leaked : Model {
  static constexpr int threads = 1;
  void thread(unsigned) override { new sync::atomic<int>[ 2 ]; }
};

struct raced_for : Model {
  static constexpr int threads = 2;
  Data data;
  void thread(unsigned) override { ++data.write(); }
};

struct locked_in_two_orders : Model {
  static constexpr int threads = 2;
  sync::mutex a, b;
  void thread(unsigned index) override {
    const sync::lock_guard<sync::mutex> first(index == 0 ? a : b);
    const sync::lock_guard<sync::mutex> second(index == 0 ? b : a);
  }
};

// A shared pointer frees its object once, after every owner's last use.
struct shared_and_let_go : Model {
  static constexpr int threads = 2;
  sync::atomic_shared_ptr<Data> current{sync::make_shared<Data>(1)};
  void thread(unsigned index) override {
    if (index == 0) {
      current.store(sync::make_shared<Data>(2), sync::release);
    } else {
      const sync::shared_ptr<Data> data = current.load(sync::acquire);
      require(data->read() == 1 || data->read() == 2, "not what was stored");
    }
  }
};

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  const Search tree = Search::tree(100'000);
  const Search random = Search::random(20'000);
  Report report;
  report.caught<use_after_free>("use after free", rl::test_result_access_to_freed_memory, {tree});
  report.caught<unordered_free>("free without order", rl::test_result_data_race, {tree, random});
  report.caught<double_free>("double free", rl::test_result_double_free, {tree, random});
  report.caught<object_leaked>("object leaked", rl::test_result_memory_leak, {tree, random});
  report.caught<array_leaked>("array leaked", rl::test_result_memory_leak, {tree, random});
  report.caught<raced_for>("data raced for", rl::test_result_data_race, {tree, random});
  report.caught<locked_in_two_orders>("locked in two orders", rl::test_result_deadlock,
                                      {tree, random});
  report.clean<shared_and_let_go>("shared pointer", {tree, random});
  return report.status();
}
