// Counters where there are some, and where there are none.
#include "native/counters.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace limiterbench::bench {
namespace {

constexpr std::array time_and_cycles{
    Event{"task_clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    Event{"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES}};

template <int Error>
int refuse(const perf_event_attr&) {
  errno = Error;
  return -1;
}

int refuse_hardware(const perf_event_attr& attributes) {
  if (attributes.type == PERF_TYPE_SOFTWARE)
    return ThreadCounters::open_for_this_thread(attributes);
  errno = ENOENT;
  return -1;
}

void spin() {
  for (int turns = 0; turns < 1'000'000; ++turns) asm volatile("");
}

void expect_absent(ThreadCounters& counters, const std::string& why) {
  counters.start();
  spin();
  counters.stop();
  const std::vector<Count> counts = counters.take();
  EXPECT_EQ(counts, std::vector<Count>(hardware_events.size()));
  EXPECT_NE(counters.absent().find(why), std::string::npos) << counters.absent();
}

TEST(counters, that_are_not_permitted_are_absent_and_say_so) {
  ThreadCounters forbidden(hardware_events, &refuse<EACCES>);
  expect_absent(forbidden, "cycles: not permitted");
  ThreadCounters missing(hardware_events, &refuse<ENOENT>);
  expect_absent(missing, "cycles: this CPU, or the hypervisor, offers no such counter");
  ThreadCounters none(hardware_events, &refuse<ENOSYS>);
  expect_absent(none, "cycles: the kernel has no perf_event_open");
}

TEST(counters, count_while_started_and_since_the_last_take) {
  ThreadCounters counters(time_and_cycles, &refuse_hardware);
  if (counters.absent().starts_with("task_clock")) GTEST_SKIP() << counters.absent();
  EXPECT_EQ(counters.absent(), "cycles: this CPU, or the hypervisor, offers no such counter");
  spin();
  EXPECT_EQ(counters.take(), std::vector<Count>(2)) << "counted before the start";
  counters.start();
  spin();
  counters.stop();
  const std::vector<Count> once = counters.take();
  ASSERT_TRUE(once[0]);
  EXPECT_GT(*once[0], 0U);
  EXPECT_FALSE(once[1]) << "an absent counter is never 0";
  spin();
  EXPECT_EQ(counters.take(), std::vector<Count>(2)) << "counted after the stop";
  counters.start();
  for (int i = 0; i < 10; ++i) spin();
  counters.stop();
  EXPECT_GT(*counters.take()[0], *once[0]);
}

TEST(counters, of_all_threads_lack_what_one_thread_lacks) {
  std::vector<Count> sum{5, 7, std::nullopt};
  add(sum, {1, std::nullopt, 3});
  EXPECT_EQ(sum, (std::vector<Count>{6, std::nullopt, std::nullopt}));
}

// Where this host has them; else that they say why not.
TEST(counters, of_the_hardware_are_there_or_say_why_not) {
  ThreadCounters counters;
  counters.start();
  spin();
  counters.stop();
  const std::vector<Count> counts = counters.take();
  ASSERT_EQ(counts.size(), hardware_events.size());
  bool all = true;
  for (const Count& count : counts) all &= count.has_value();
  EXPECT_EQ(all, counters.absent().empty()) << counters.absent();
  if (counts[1]) {
    EXPECT_GT(*counts[1], 1'000'000U);
  }
}

}  // namespace
}  // namespace limiterbench::bench
