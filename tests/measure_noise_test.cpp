// What counts as a disturbance, and that one is seen where there is one.
#include "native/noise.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "host/binding.hpp"

namespace limiterbench::bench {
namespace {

// Of two CPUs, for a second, with nothing wrong.
Noise calm() {
  Noise noise;
  noise.cpus = {{0, 3, 2'000, 0.001}, {4, 2, 1'500, 0.0005}};
  noise.span_ns = 1'000'000'000;
  noise.steal_ns = noise.others_ns = 0;
  noise.khz_before = noise.khz_after = 3'000'000;
  return noise;
}

std::string reason(const Noise& noise) {
  const auto reasons = disturbances(noise);
  return reasons.size() == 1 ? reasons[0] : std::to_string(reasons.size()) + " reasons";
}

TEST(noise, has_no_reason_on_a_calm_host) {
  EXPECT_TRUE(disturbances(calm()).empty());
  EXPECT_TRUE(disturbances({}).empty());
}

TEST(noise, names_the_cpu_that_lost_most) {
  Noise noise = calm();
  noise.cpus[1].stolen_share = 0.034;
  EXPECT_EQ(reason(noise), "CPU 4 lost 3.4 % of its time while idle");
  noise.cpus[1].stolen_share = 0.019;
  EXPECT_EQ(reason(noise), "0 reasons");
}

TEST(noise, counts_steal_beyond_what_a_tick_can_tell) {
  Noise noise = calm();
  noise.steal_ns = 30'000'000;
  EXPECT_EQ(reason(noise), "the hypervisor took 1.5 %");
  noise.steal_ns = 20'000'000;  // no more than 1 %
  EXPECT_EQ(reason(noise), "0 reasons");
  noise.span_ns = 100'000'000;
  noise.steal_ns = 10'000'000;  // 5 %, but a single tick
  EXPECT_EQ(reason(noise), "0 reasons");
}

TEST(noise, counts_others_beyond_what_ticks_can_tell) {
  Noise noise = calm();
  noise.others_ns = 110'000'000;
  EXPECT_EQ(reason(noise), "other work ran for 5.5 %");
  noise.others_ns = 90'000'000;
  EXPECT_EQ(reason(noise), "0 reasons");
  noise.span_ns = 200'000'000;
  noise.others_ns = 45'000'000;  // 11 %, but few ticks
  EXPECT_EQ(reason(noise), "0 reasons");
}

TEST(noise, sees_a_clock_frequency_that_changes_either_way) {
  Noise noise = calm();
  noise.khz_after = 2'700'000;
  EXPECT_EQ(reason(noise), "the clock frequency fell by 10.0 %");
  noise.khz_after = 3'300'000;
  EXPECT_EQ(reason(noise), "the clock frequency rose by 10.0 %");
  noise.khz_after = 3'100'000;
  EXPECT_EQ(reason(noise), "0 reasons");
  noise.khz_after.reset();
  EXPECT_EQ(reason(noise), "0 reasons");
}

TEST(noise, gives_every_reason) {
  Noise noise = calm();
  noise.cpus[0].stolen_share = 0.5;
  noise.steal_ns = noise.others_ns = 500'000'000;
  noise.khz_after = 1'000'000;
  EXPECT_EQ(disturbances(noise).size(), 4U);
}

TEST(noise, is_watched_for_once_on_each_cpu) {
  const auto cpu = [](unsigned index) { return host::Cpu{index, 0, 0, 0, 0, 0}; };
  EXPECT_EQ(one_a_cpu({cpu(5), cpu(3), cpu(5), cpu(3), cpu(7)}), (std::vector<unsigned>{0, 1, 4}));
  EXPECT_TRUE(one_a_cpu({}).empty());
}

// A process that never rests on one CPU, for as long as this lives.
class Neighbour {
 public:
  Neighbour(const host::Topology& topology, const host::Cpu& cpu) : child_(fork()) {
    if (child_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    host::bind_this_thread(topology, cpu);
    for (;;) asm volatile("");
  }
  ~Neighbour() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

 private:
  pid_t child_;
};

TEST(noise, of_a_neighbour_on_the_same_cpu_is_seen) {
  const host::Topology topology = host::Topology::this_host();
  const std::vector<host::Cpu> cpus{topology.cpus().front()};
  Team team(topology, cpus);
  const Neighbour neighbour(topology, cpus[0]);
  // Long enough for the scheduler to let the neighbour run, and for ticks to tell.
  const Noise noise = NoiseWatch(team, cpus, 0.4).end();
  ASSERT_EQ(noise.cpus.size(), 1U);
  EXPECT_EQ(noise.cpus[0].cpu, cpus[0].os_index);
  EXPECT_GT(noise.cpus[0].hiccups, 0U);
  EXPECT_GT(noise.cpus[0].longest_ns, hiccup_ns);
  EXPECT_GT(noise.cpus[0].stolen_share, 0.02);
  EXPECT_LT(noise.cpus[0].stolen_share, 1.0);
  EXPECT_GE(noise.span_ns, noise.idle_ns);
  EXPECT_FALSE(disturbances(noise).empty());
  if (noise.others_ns) {
    EXPECT_GT(*noise.others_ns, 0U);
  }
}

}  // namespace
}  // namespace limiterbench::bench
