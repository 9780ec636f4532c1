// Models that a lock must pass: exclusion, order and progress. A lost wake-up is a deadlock here.
#pragma once

#include "model.hpp"

namespace limiterbench::model {

template <class Mutex, class Guard = sync::lock_guard<Mutex>,
          class SharedGuard = sync::shared_lock<Mutex>>
struct Guarded : Model {
  void write() {
    const Guard lock(mutex);
    require(++writers == 1 && readers == 0, "a writer with company");
    ++data.write();
    // Others may run here, and must not come in.
    rl::ctx().sched();
    --writers;
  }
  void read() {
    const SharedGuard lock(mutex);
    read_locked();
  }
  void read_locked() {
    ++readers;
    require(writers == 0, "a reader with a writer");
    static_cast<void>(data.read());
    rl::ctx().sched();
    --readers;
  }

  Mutex mutex;
  sync::plain<int> data;
  int readers = 0, writers = 0;
};

template <class Locked>
struct two_writers : Locked {
  static constexpr int threads = 2;
  void thread(unsigned) override {
    this->write();
    this->write();
  }
  void after() override { require(this->data.read() == 4, "a write was lost"); }
};

template <class Locked>
struct three_writers : Locked {
  static constexpr int threads = 3;
  void thread(unsigned) override { this->write(); }
  void after() override { require(this->data.read() == 3, "a write was lost"); }
};

template <class Locked>
struct reader_and_writer : Locked {
  static constexpr int threads = 2;
  void thread(unsigned index) override {
    for (int i = 0; i < 2; ++i) index == 0 ? this->read() : this->write();
  }
};

// The writer waits for both readers; the last of them lets it in.
template <class Locked>
struct two_readers_and_writer : Locked {
  static constexpr int threads = 3;
  void thread(unsigned index) override { index == 2 ? this->write() : this->read(); }
};

template <class Locked>
struct reader_and_two_writers : Locked {
  static constexpr int threads = 3;
  void thread(unsigned index) override { index == 2 ? this->read() : this->write(); }
  void after() override { require(this->data.read() == 2, "a write was lost"); }
};

}  // namespace limiterbench::model
