// Go's reader-writer mutex: exclusion, order and progress. A lost wake-up is a deadlock here.
#include <limiterbench/primitives/go_rwmutex.hpp>

#include "model.hpp"

namespace limiterbench::model {
namespace {

struct Guarded : Model {
  void write() {
    const sync::lock_guard<GoRwMutex> lock(mutex);
    require(++writers == 1 && readers == 0, "a writer with company");
    ++data.write();
    // Others may run here, and must not come in.
    rl::ctx().sched();
    --writers;
  }
  void read() {
    const sync::shared_lock<GoRwMutex> lock(mutex);
    read_locked();
  }
  void read_locked() {
    ++readers;
    require(writers == 0, "a reader with a writer");
    static_cast<void>(data.read());
    rl::ctx().sched();
    --readers;
  }

  GoRwMutex mutex;
  sync::plain<int> data;
  int readers = 0, writers = 0;
};

struct reader_and_writer : Guarded {
  static constexpr int threads = 2;
  void thread(unsigned index) override {
    for (int i = 0; i < 2; ++i) index == 0 ? read() : write();
  }
};

struct two_writers : Guarded {
  static constexpr int threads = 2;
  void thread(unsigned) override {
    write();
    write();
  }
  void after() override { require(data.read() == 4, "a write was lost"); }
};

// The writer waits for both readers; the last of them lets it in.
struct two_readers_and_writer : Guarded {
  static constexpr int threads = 3;
  void thread(unsigned index) override { index == 2 ? write() : read(); }
};

struct reader_and_two_writers : Guarded {
  static constexpr int threads = 3;
  void thread(unsigned index) override { index == 2 ? read() : write(); }
  void after() override { require(data.read() == 2, "a write was lost"); }
};

// Whoever fails to get in does not count as a reader.
struct trying : Guarded {
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
  report.clean<reader_and_writer>("reader and writer", {tree, random});
  report.clean<two_writers>("two writers", {tree, random});
  report.clean<two_readers_and_writer>("two readers and a writer", {tree, random});
  report.clean<reader_and_two_writers>("reader and two writers", {tree, random});
  report.clean<trying>("trying", {tree, random});
  return report.status();
}
