// Litmus tests in which one thread tells another that something has happened. Each model's fault is
// the outcome that weak orders allow.
#pragma once

#include "model.hpp"

namespace limiterbench::model {

using sync::acq_rel;
using sync::acquire;
using sync::memory_order;
using sync::relaxed;
using sync::release;
using sync::seq_cst;

enum class Fence { none, acquiring, releasing, both, in_order, light, heavy };

inline void run_fence(Fence fence) {
  switch (fence) {
    case Fence::none: break;
    case Fence::acquiring: sync::fence(sync::acquire); break;
    case Fence::releasing: sync::fence(sync::release); break;
    case Fence::both: sync::fence(sync::acq_rel); break;
    case Fence::in_order: sync::fence(sync::seq_cst); break;
    case Fence::light: sync::compiler_fence(); break;
    case Fence::heavy: sync::process_fence(); break;
  }
}

// What a test is run with: its orders, and whatever else it asks about.
struct Setting {
  memory_order store = relaxed;
  memory_order load = relaxed;
  Fence first = Fence::none;
  Fence second = Fence::none;
  int variant = 0;
};
inline Setting setting;

using Atomic = sync::atomic<int>;

// MP: data, then a flag. Fault: the flag without the data.
struct message_passing : Model {
  static constexpr int threads = 2;
  sync::plain<int> data;
  Atomic flag;
  void thread(unsigned index) override {
    if (index == 0) {
      data.write() = 1;
      run_fence(setting.first);
      flag.store(1, setting.store);
    } else if (flag.load(setting.load) == 1) {
      run_fence(setting.second);
      require(data.read() == 1, "stale data");
    }
  }
};

// MP between atomics, without a race to report: the value itself is stale.
struct message_passing_atomic : Model {
  static constexpr int threads = 2;
  Atomic data, flag;
  void thread(unsigned index) override {
    if (index == 0) {
      data.store(1, relaxed);
      flag.store(1, setting.store);
    } else if (flag.load(setting.load) == 1) {
      require(data.load(relaxed) == 1, "stale data");
    }
  }
};

// WRC: written, read, passed on to a third.
struct write_read_causality : Model {
  static constexpr int threads = 3;
  Atomic x, y;
  void thread(unsigned index) override {
    if (index == 0) {
      x.store(1, setting.store);
    } else if (index == 1) {
      if (x.load(setting.load) == 1) y.store(1, setting.store);
    } else if (y.load(setting.load) == 1) {
      require(x.load(relaxed) == 1, "cause not seen");
    }
  }
};

// ISA2: as WRC, with plain data two hops away.
struct two_hops : Model {
  static constexpr int threads = 3;
  sync::plain<int> data;
  Atomic x, y;
  void thread(unsigned index) override {
    if (index == 0) {
      data.write() = 1;
      x.store(1, setting.store);
    } else if (index == 1) {
      if (x.load(setting.load) == 1) y.store(1, setting.store);
    } else if (y.load(setting.load) == 1) {
      require(data.read() == 1, "cause not seen");
    }
  }
};

// A release, then a read-modify-write by another thread: it continues the release sequence.
struct sequence_through_rmw : Model {
  static constexpr int threads = 3;
  sync::plain<int> data;
  Atomic flag;
  void thread(unsigned index) override {
    if (index == 0) {
      data.write() = 1;
      flag.store(1, release);
    } else if (index == 1) {
      int expected = 1;
      flag.compare_exchange_strong(expected, 2, relaxed, relaxed);
    } else if (flag.load(acquire) == 2) {
      require(data.read() == 1, "stale data");
    }
  }
};

// A release, then a relaxed store by thread `variant`: another's breaks the sequence; the same
// thread's does in C++20, and did not in C++11.
struct sequence_through_store : Model {
  static constexpr int threads = 3;
  sync::plain<int> data;
  Atomic flag;
  void thread(unsigned index) override {
    if (index == 0) {
      data.write() = 1;
      flag.store(1, release);
      if (setting.variant == 0) flag.store(2, relaxed);
    } else if (index == 1) {
      if (setting.variant == 1 && flag.load(relaxed) == 1) flag.store(2, relaxed);
    } else if (flag.load(acquire) == 2) {
      require(data.read() == 1, "stale data");
    }
  }
};

// A mutex orders what was done under it.
struct passing_by_mutex : Model {
  static constexpr int threads = 2;
  sync::plain<int> data;
  sync::mutex mutex;
  void thread(unsigned) override {
    const sync::lock_guard<sync::mutex> lock(mutex);
    ++data.write();
  }
  void after() override { require(data.read() == 2, "lost"); }
};

// A waiter is woken (variant 1; in variant 0 nobody does) and sees what came before.
struct waiting : Model {
  static constexpr int threads = 2;
  sync::plain<int> data;
  Atomic flag;
  void thread(unsigned index) override {
    if (index == 0) {
      data.write() = 1;
      flag.store(1, release);
      if (setting.variant == 1) flag.notify_one();
    } else {
      flag.wait(0, acquire);
      require(data.read() == 1, "stale data");
    }
  }
};

}  // namespace limiterbench::model
