// Litmus tests in which each thread writes and then looks at another's writes. Each model's fault
// is the outcome that weak orders allow.
#pragma once

#include "litmus_passing.hpp"

namespace limiterbench::model {

// SB: store one, load the other. Fault: neither sees the other.
struct store_buffering : Model {
  static constexpr int threads = 2;
  Atomic x, y;
  int seen[2] = {1, 1};
  void thread(unsigned index) override {
    (index == 0 ? x : y).store(1, setting.store);
    if (index == 0) run_fence(setting.first);
    if (index == 1) run_fence(setting.second);
    seen[index] = (index == 0 ? y : x).load(setting.load);
  }
  void after() override { require(seen[0] + seen[1] != 0, "neither sees the other"); }
};

// SB with an exchange for the store.
struct store_buffering_rmw : Model {
  static constexpr int threads = 2;
  Atomic x, y;
  int seen[2] = {1, 1};
  void thread(unsigned index) override {
    (index == 0 ? x : y).exchange(1, setting.store);
    seen[index] = (index == 0 ? y : x).load(setting.load);
  }
  void after() override { require(seen[0] + seen[1] != 0, "neither sees the other"); }
};

// SB, seq_cst accesses on one side, a seq_cst fence on the other: forbidden since C++20.
struct store_buffering_mixed : Model {
  static constexpr int threads = 2;
  Atomic x, y;
  int seen[2] = {1, 1};
  void thread(unsigned index) override {
    if (index == 0) {
      x.store(1, seq_cst);
      seen[0] = y.load(seq_cst);
    } else {
      y.store(1, relaxed);
      sync::fence(seq_cst);
      seen[1] = x.load(relaxed);
    }
  }
  void after() override { require(seen[0] + seen[1] != 0, "neither sees the other"); }
};

// IRIW: two writers, two readers. Fault: the readers disagree on which write came first.
struct independent_reads : Model {
  static constexpr int threads = 4;
  Atomic x, y;
  int seen[2][2] = {};
  void thread(unsigned index) override {
    if (index == 0) x.store(1, setting.store);
    if (index == 1) y.store(1, setting.store);
    if (index < 2) return;
    Atomic& one = index == 2 ? x : y;
    Atomic& other = index == 2 ? y : x;
    seen[index - 2][0] = one.load(setting.load);
    run_fence(setting.first);
    seen[index - 2][1] = other.load(setting.load);
  }
  void after() override {
    const bool disagree = seen[0][0] == 1 && seen[0][1] == 0 && seen[1][0] == 1 && seen[1][1] == 0;
    require(!disagree, "the readers disagree");
  }
};

// LB: load one, store the other. Fault: each sees a store that comes after its load.
struct load_buffering : Model {
  static constexpr int threads = 2;
  Atomic x, y;
  int seen[2] = {};
  void thread(unsigned index) override {
    seen[index] = (index == 0 ? x : y).load(setting.load);
    (index == 0 ? y : x).store(1, setting.store);
  }
  void after() override { require(seen[0] + seen[1] != 2, "values out of the future"); }
};

// 2+2W: each writes both. Fault: each location keeps its writer's first.
struct two_plus_two_writes : Model {
  static constexpr int threads = 2;
  Atomic x, y;
  void thread(unsigned index) override {
    (index == 0 ? x : y).store(1, setting.store);
    (index == 0 ? y : x).store(2, setting.store);
  }
  void after() override {
    require(x.load(relaxed) != 1 || y.load(relaxed) != 1, "each keeps the first write");
  }
};

// R: two writes against a write and a read. Fault: the last write to y is the second thread's,
// which yet does not see x.
struct write_order_and_read : Model {
  static constexpr int threads = 2;
  Atomic x, y;
  int seen = 1;
  void thread(unsigned index) override {
    if (index == 0) {
      x.store(1, setting.store);
      y.store(1, setting.store);
    } else {
      y.store(2, setting.store);
      seen = x.load(setting.load);
    }
  }
  void after() override {
    require(y.load(relaxed) != 2 || seen != 0, "write after it, read before it");
  }
};

// S: two writes against a read and a write. Fault: the read sees the second write, but the write
// that follows it comes before the first.
struct write_order_and_write : Model {
  static constexpr int threads = 2;
  Atomic x, y;
  int seen = 0;
  void thread(unsigned index) override {
    if (index == 0) {
      x.store(2, relaxed);
      y.store(1, setting.store);
    } else {
      seen = y.load(setting.load);
      x.store(1, relaxed);
    }
  }
  void after() override {
    require(seen != 1 || x.load(relaxed) != 2, "overwritten by what came before");
  }
};

}  // namespace limiterbench::model
