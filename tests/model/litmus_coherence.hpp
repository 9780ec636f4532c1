// Litmus tests on one location. Each model's fault is what no order may allow, unless said.
#pragma once

#include "litmus_passing.hpp"

namespace limiterbench::model {

// CoRR: two reads never go back, even relaxed.
struct read_read : Model {
  static constexpr int threads = 2;
  Atomic x;
  void thread(unsigned index) override {
    if (index == 0) {
      x.store(1, relaxed);
      x.store(2, relaxed);
    } else {
      const int first = x.load(relaxed);
      require(x.load(relaxed) >= first, "read back in time");
    }
  }
};

// CoRR through a third: what another saw, and told, is not forgotten.
struct read_read_told : Model {
  static constexpr int threads = 3;
  Atomic x, told;
  void thread(unsigned index) override {
    if (index == 0) x.store(1, relaxed);
    if (index == 1 && x.load(relaxed) == 1) told.store(1, release);
    if (index == 2 && told.load(acquire) == 1) require(x.load(relaxed) == 1, "forgotten");
  }
};

// CoWR: a thread sees its own write or a later one.
struct write_read : Model {
  static constexpr int threads = 2;
  Atomic x;
  void thread(unsigned index) override {
    if (index == 0) {
      x.store(1, relaxed);
    } else {
      x.store(2, relaxed);
      require(x.load(relaxed) != 0, "own write not seen");
    }
  }
};

// CoRW: a write comes after what its thread had read.
struct read_write : Model {
  static constexpr int threads = 2;
  Atomic x;
  int seen = 0;
  void thread(unsigned index) override {
    if (index == 0) {
      x.store(1, relaxed);
    } else {
      seen = x.load(relaxed);
      x.store(2, relaxed);
    }
  }
  void after() override {
    require(seen != 1 || x.load(relaxed) == 2, "written before it was read");
  }
};

// CoWW: a thread's writes to a location keep their order.
struct write_write : Model {
  static constexpr int threads = 2;
  Atomic x;
  void thread(unsigned index) override {
    if (index != 0) return;
    x.store(1, relaxed);
    x.store(2, relaxed);
  }
  void after() override { require(x.load(relaxed) == 2, "writes out of order"); }
};

// Read-modify-writes are atomic, even relaxed; a load and a store are not one.
struct increments : Model {
  static constexpr int threads = 2;
  enum How { rmw, swap_loop, load_and_store };
  Atomic x;
  void thread(unsigned) override {
    if (setting.variant == rmw) {
      x.fetch_add(1, relaxed);
    } else if (setting.variant == swap_loop) {
      int seen = x.load(relaxed);
      while (!x.compare_exchange_weak(seen, seen + 1, relaxed, relaxed)) {
      }
    } else {
      x.store(x.load(relaxed) + 1, relaxed);
    }
  }
  void after() override { require(x.load(relaxed) == 2, "an increment was lost"); }
};

// A failed swap is a load: it may return an older value than the one that made it fail.
struct failed_swap : Model {
  static constexpr int threads = 2;
  Atomic x, told;
  void thread(unsigned index) override {
    if (index == 0) {
      x.store(1, relaxed);
      told.store(1, relaxed);
    } else if (told.load(relaxed) == 1) {
      int seen = 5;
      x.compare_exchange_strong(seen, 6, relaxed, relaxed);
      require(seen == 1, "an older value");
    }
  }
};

// A swap that succeeds (variant 1) orders by its success order, `store`; one that fails (variant 0)
// by its failure order, `load`.
struct swap_orders : Model {
  static constexpr int threads = 2;
  sync::plain<int> data;
  Atomic flag;
  void thread(unsigned index) override {
    if (index == 0) {
      data.write() = 1;
      flag.store(1, release);
    } else {
      const bool succeeds = setting.variant == 1;
      int seen = succeeds ? 1 : 2;
      const bool swapped = flag.compare_exchange_strong(seen, 3, setting.store, setting.load);
      if (swapped == succeeds && seen == 1) require(data.read() == 1, "stale data");
    }
  }
};

}  // namespace limiterbench::model
