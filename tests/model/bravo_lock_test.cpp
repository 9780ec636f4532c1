// BRAVO: readers of the table, readers of the mutex and writers, while the bias ends and comes
// back.
#include <limiterbench/primitives/bravo_lock.hpp>

#include "lock_models.hpp"

namespace limiterbench::model {
namespace {

using Locked = Guarded<BravoLock, sync::lock_guard<BravoLock>, BravoLock::SharedGuard>;

// All CPUs share a slot: readers meet on it.
class OneSlot : public BravoLock {
 public:
  OneSlot() : BravoLock(1) {}
};
using Crowded = Guarded<OneSlot, sync::lock_guard<OneSlot>, BravoLock::SharedGuard>;

// The lock is biased when the threads of the model begin.
template <class Model>
struct biased : Model {
  void before() override {
    this->read();
    const BravoLock::SharedGuard lock(this->mutex);
    require(lock.is_in_table(), "a read by the mutex under the bias");
  }
};

// The bias comes back between two writes: its readers see what the first wrote.
struct biased_again : Crowded {
  static constexpr int threads = 3;
  void thread(unsigned index) override {
    if (index == 2) {
      for (int i = 0; i < 2; ++i) write();
    } else {
      for (int i = 0; i < 3; ++i) read();
    }
  }
  void after() override { require(data.read() == 2, "a write was lost"); }
};

template <class Locked>
void check(Report& report, const char* name) {
  std::printf("%s\n", name);
  const Search tree = Search::tree(30'000, 4);
  const Search random = Search::random(30'000);
  report.clean<biased<reader_and_writer<Locked>>>("  reader and writer", {tree, random});
  report.clean<biased<two_readers_and_writer<Locked>>>("  two readers and a writer",
                                                       {tree, random});
  report.clean<biased<reader_and_two_writers<Locked>>>("  reader and two writers", {tree, random});
}

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  Report report;
  check<Locked>(report, "a slot for each CPU");
  check<Crowded>(report, "one slot");
  report.clean<biased_again>("biased again", {Search::tree(60'000, 4), Search::random(60'000)});
  return report.status();
}
