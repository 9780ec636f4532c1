// The queue lock: exclusion, hand-over, and that threads enter in the order in which they came.
#include <limiterbench/primitives/mcs_lock.hpp>
#include <optional>

#include "lock_models.hpp"

namespace limiterbench::model {
namespace {

using Locked = Guarded<McsLock, McsLock::Guard>;

// Thread 0 holds the lock. Thread 2 comes only after thread 1 has queued.
struct first_come_first_served : Locked {
  static constexpr int threads = 3;
  void before() override { held_.emplace(mutex); }
  void thread(unsigned index) override {
    if (index == 0) {
      while (!held_->is_awaited()) sync::pause();
      queued_.store(true, sync::release);
      held_.reset();
      return;
    }
    while (index == 2 && !queued_.load(sync::acquire)) sync::pause();
    const McsLock::Guard lock(mutex);
    require(++data.write() == static_cast<int>(index), "the last to come was first");
  }

 private:
  std::optional<McsLock::Guard> held_;
  sync::atomic<bool> queued_{false};
};

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  const Search tree = Search::tree(60'000, 4);
  const Search random = Search::random(60'000);
  Report report;
  report.clean<two_writers<Locked>>("two threads", {tree, random});
  report.clean<three_writers<Locked>>("three threads", {tree, random});
  report.clean<first_come_first_served>("first come, first served", {tree, random});
  return report.status();
}
