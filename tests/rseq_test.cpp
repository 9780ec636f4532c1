// Restartable sequences on this kernel: an interrupted one stores nothing. Where there are none the
// tests are skipped.
#include <gtest/gtest.h>
#include <sys/time.h>

#include <limiterbench/sync.hpp>

#include <csignal>

namespace limiterbench {
namespace {

class Rseq : public testing::Test {
 protected:
  void SetUp() override {
    if (!sync::rseq_available()) GTEST_SKIP() << "no restartable sequences here";
  }

  // On the CPU that the thread is on: false if it was moved or interrupted, too.
  static bool store(sync::atomic<std::uint64_t>& cell, std::uint64_t expected, std::uint64_t next,
                    std::uint64_t guarded) {
    return sync::rseq_store(sync::current_cpu(), cell, expected, next, guard, guarded);
  }

  static inline sync::atomic<std::uint64_t> guard{7};
};

TEST_F(Rseq, StoresOnlyIfAllIsAsExpected) {
  sync::atomic<std::uint64_t> cell{1};
  EXPECT_FALSE(store(cell, 2, 3, 7));
  EXPECT_FALSE(store(cell, 1, 3, 8));
  EXPECT_FALSE(sync::rseq_store(sync::cpu_count(), cell, 1, 3, guard, 7));
  EXPECT_EQ(cell.load(sync::relaxed), 1U);  // relaxed: one thread
  bool stored = false;
  for (int i = 0; i < 1'000 && !stored; ++i) stored = store(cell, 1, std::uint64_t{1} << 40, 7);
  EXPECT_TRUE(stored);
  EXPECT_EQ(cell.load(sync::relaxed), std::uint64_t{1} << 40);  // relaxed: one thread
}

// relaxed, below: the handler runs on the thread that it interrupts.
sync::atomic<std::uint64_t> counter{0};
volatile std::sig_atomic_t interruptions = 0;

void count_in_between(int) {
  counter.store(counter.load(sync::relaxed) + 1, sync::relaxed);
  interruptions = interruptions + 1;
}

void interrupt_every(suseconds_t microseconds) {
  const itimerval interval{{0, microseconds}, {0, microseconds}};
  setitimer(ITIMER_REAL, &interval, nullptr);
}

// A sequence that went on after the handler would store a count without the handler's.
TEST_F(Rseq, NoCountIsLostToASignalInTheSequence) {
  constexpr int enough = 2'000;
  std::signal(SIGALRM, count_in_between);
  counter.store(0, sync::relaxed);
  interruptions = 0;
  interrupt_every(100);
  std::uint64_t counted = 0;
  std::uint64_t restarted = 0;
  while (interruptions < enough) {
    const std::uint64_t seen = counter.load(sync::relaxed);
    if (store(counter, seen, seen + 1, 7)) {
      ++counted;
    } else {
      ++restarted;
    }
  }
  interrupt_every(0);
  std::signal(SIGALRM, SIG_DFL);
  EXPECT_EQ(counter.load(sync::relaxed), counted + static_cast<std::uint64_t>(interruptions));
  EXPECT_GT(restarted, 0U);
}

}  // namespace
}  // namespace limiterbench
