// Go's reader-writer mutex.
#include <limiterbench/primitives/go_rwmutex.hpp>

#include "lock_models.hpp"

namespace limiterbench::model {
namespace {

using Locked = Guarded<GoRwMutex>;

// Whoever fails to get in does not count as a reader.
struct trying : Locked {
  static constexpr int threads = 3;
  void thread(unsigned index) override {
    if (index == 2) {
      write();
    } else if (mutex.try_lock_shared()) {
      read_locked();
      mutex.unlock_shared();
    }
  }
};

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  const Search tree = Search::tree(60'000, 4);
  const Search random = Search::random(60'000);
  Report report;
  report.clean<reader_and_writer<Locked>>("reader and writer", {tree, random});
  report.clean<two_writers<Locked>>("two writers", {tree, random});
  report.clean<two_readers_and_writer<Locked>>("two readers and a writer", {tree, random});
  report.clean<reader_and_two_writers<Locked>>("reader and two writers", {tree, random});
  report.clean<trying>("trying", {tree, random});
  return report.status();
}
