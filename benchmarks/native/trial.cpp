#include "native/trial.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <stdexcept>

#include "host/clock.hpp"
#include "native/layout.hpp"
#include "native/member.hpp"
#include "native/noise.hpp"
#include "native/nothing.hpp"
#include "native/skew.hpp"
#include "native/slow_down.hpp"
#include "native/team.hpp"
#include "native/transfer.hpp"
#include "native/writer.hpp"
#include "workload/pages.hpp"

namespace limiterbench::bench {
namespace {

constexpr double skew_budget_ns = 20e6;
// For a p99 from the ten slowest.
constexpr std::uint64_t least_requests = 1000;

std::vector<host::Cpu> with_writer(const TrialSpec& spec) {
  std::vector<host::Cpu> cpus = spec.cpus;
  if (spec.scenario.reloads_per_second > 0) cpus.push_back(spec.writer_cpu);
  return cpus;
}

class NativeTrial final : public Trial {
 public:
  NativeTrial(const Row& row, const TrialSpec& spec, TrialResult& result)
      : Trial(spec, result),
        row_(row),
        threads_(static_cast<unsigned>(spec.cpus.size())),
        cpus_(with_writer(spec)),
        team_(spec.topology, cpus_),
        members_(threads_) {}

  void run() {
    check_clock();
    const NoiseWatch noise(team_, cpus_, spec_.phase_seconds * idle_phase);
    build();
    result_.transfer.before = measure_transfer_ns(team_, spec_.cpus);
    for (const Mode mode : {Mode::throughput, Mode::latency}) {
      lift_edge_limit();
      send(mode, spec_.warmup_seconds, false);
      set_edge_limit();
      send(mode, spec_.phase_seconds, true);
      if (mode == Mode::latency) {
        collect(result_.latency, "latency", start_);
      } else {
        collect(result_.throughput, "throughput", start_);
        count_throughput();
      }
    }
    // The rate of reloads is that of these two phases.
    if (writer_) result_.publishes.merge(writer_->publishes());
    if (spec_.scenario.sweeps_load) sweep(seed_, generator_limit(), least_requests);
    result_.transfer.after = measure_transfer_ns(team_, spec_.cpus);
    result_.noise = noise.end();
    finish();
  }

 private:
  [[nodiscard]] Subject& subject() override { return *subject_; }
  [[nodiscard]] std::vector<const MemberBase*> members() const override {
    std::vector<const MemberBase*> all;
    for (const auto& member : members_) all.push_back(member.get());
    return all;
  }
  [[nodiscard]] Nanoseconds to_ns(std::uint64_t ticks) const override {
    return host::Clock::get().to_ns(ticks);
  }
  [[nodiscard]] const host::TickScale& scale() const override { return host::Clock::get().scale(); }
  std::uint64_t send_paced(const Load& load, double seconds) override {
    send(Mode::open_loop, seconds, true, load);
    return start_;
  }
  void collect(PhaseResult& phase, const std::string& name, std::uint64_t start) override {
    Trial::collect(phase, name, start);
    for (const auto& member : members_) {
      result_.voluntary_switches += static_cast<std::uint64_t>(member->switches().voluntary);
      result_.involuntary_switches += static_cast<std::uint64_t>(member->switches().involuntary);
    }
  }

  // Before anything is stamped or attached to the clock.
  void check_clock() {
    if (host::Clock::get().is_tsc()) {
      result_.skew = measure_skew(team_, cpus_, skew_budget_ns, spec_.test_skew_ns);
      if (result_.skew && result_.skew->apart) host::Clock::distrust_tsc(describe(*result_.skew));
    }
    const host::Clock& clock = host::Clock::get();
    if (spec_.strict && clock.fell_back())
      throw std::runtime_error("the clock cannot be trusted: " + std::string(clock.reason()));
  }

  // Thread 0 is the first to touch what is shared; the rest is first touched by the thread that
  // owns it.
  void build() {
    team_.run([this](unsigned i) {
      if (i == 0) subject_ = create();
    });
    team_.run([this](unsigned i) {
      const double longest = std::max({spec_.phase_seconds, spec_.warmup_seconds,
                                       spec_.scenario.sweeps_load ? longest_step_seconds : 0});
      if (i < threads_) {
        members_[i] = make_on_own_pages<Member>(attach(), spec_.scenario, i, longest, seed_);
      } else {
        writer_ = make_on_own_pages<Writer>(*subject_, spec_.scenario, spec_.writer_shares_cpu);
        // Configurations are shared too, whichever thread publishes them.
        if (spec_.home != host::Home::local)
          writers_memory_.emplace(spec_.topology, spec_.home, spec_.cpus[0]);
      }
    });
  }

  std::unique_ptr<NativeSubject> create() {
    const host::MemoryFrom home(spec_.topology, spec_.home, spec_.cpus[0]);
    std::unique_ptr<NativeSubject> subject = row_.create(configuration());
    const std::string moved =
        host::move_home(spec_.topology, spec_.home, spec_.cpus[0], subject->memory());
    result_.home_note = home.note().empty() ? moved : home.note();
    result_.nodes = host::nodes_of(spec_.topology, subject->memory());
    if (result_.nodes.empty() && result_.home_note.empty() && spec_.topology.numa_nodes() > 1)
      result_.home_note = "the kernel does not say where the memory lies";
    return subject;
  }

  std::unique_ptr<Worker> attach() {
    std::unique_ptr<Worker> worker = subject_->attach();
    if (spec_.added_percent == 0) return worker;
    return lengthened(std::move(worker), spec_.added_percent);
  }

  // How many requests a second the threads send if each is admitted at once.
  double generator_limit() {
    double most = 0;
    for (unsigned i = 0; i < generator_tries; ++i) {
      send(Mode::generator, generator_seconds, false);
      std::uint64_t sent = 0;
      std::uint64_t end = start_;
      for (const auto& member : members_) {
        sent += member->totals().operations();
        end = std::max(end, member->totals().last_tick);
      }
      if (sent == 0) continue;
      const auto ns = static_cast<double>(to_ns(end - start_));
      most = std::max(most, static_cast<double>(sent) * 1e9 / ns);
    }
    return most;
  }

  void send(Mode mode, double seconds, bool reload, const Load& load = {}) {
    const host::Clock& clock = host::Clock::get();
    const auto ticks = static_cast<std::uint64_t>(seconds * 1e9 / clock.ns_per_tick());
    const unsigned busy = reload && writer_ ? threads_ + 1 : threads_;
    StartBarrier barrier(busy);
    team_.run(
        [&](unsigned i) {
          if (i < threads_) {
            at_stack_offset(spec_.layout.stack_offset,
                            [&] { members_[i]->run(mode, barrier, ticks, load); });
          } else if (i < busy) {
            writer_->run(barrier, ticks, edge_limit_, version_);
          }
        },
        [&] {
          barrier.wait_for_all();
          // Long enough to wake them all, short enough for those that spin.
          const double lead_ns = 100'000 + 5'000.0 * busy;
          start_ = clock.ticks() + static_cast<std::uint64_t>(lead_ns / clock.ns_per_tick());
          barrier.open(start_);
        });
  }

  void count_throughput() {
    for (std::uint64_t& operations : result_.throughput.operations)
      operations = without_added(operations, spec_.added_percent);
    for (const auto& member : members_) {
      if (result_.counters.empty()) {
        result_.counters = member->counts();
      } else {
        add(result_.counters, member->counts());
      }
      if (result_.counters_absent.empty()) result_.counters_absent = member->counters_absent();
    }
    result_.throughput_switches = result_.voluntary_switches + result_.involuntary_switches;
  }

  void finish() {
    if (writer_) {
      writer_->sample_footprint();
      result_.retired_peak_bytes = writer_->peak().retired;
    }
    const Footprint footprint = subject_->footprint();
    result_.live_bytes = footprint.live;
    result_.retired_peak_bytes = std::max(result_.retired_peak_bytes, footprint.retired);
    if (std::string text = team_.misplaced(); !text.empty()) result_.fail(text);
    check_home();
    collect_config_checks();
    // Each handle is released on the thread that made it.
    team_.run([this](unsigned i) {
      if (i < threads_) members_[i].reset();
      if (i == 0) result_.timer_floor = measure_timer_floor();
    });
  }

  // Interleaving is page by page: a small limiter lies on one node all the same.
  void check_home() {
    const auto node = host::node_at_home(spec_.topology, spec_.home, spec_.cpus[0]);
    if (!node || spec_.home == host::Home::local || result_.nodes.empty()) return;
    const unsigned wanted = host::os_index_of_node(spec_.topology, *node);
    if (result_.nodes != std::vector{wanted})
      result_.fail("the limiter does not lie on NUMA node " + std::to_string(wanted) +
                   ", its home");
  }

  const Row& row_;
  unsigned threads_;
  // If all repetitions had the same schedule, they would agree on a tail that is the schedule's.
  std::uint64_t seed_ = std::random_device()();
  std::vector<host::Cpu> cpus_;  // of the members, the writer's last
  Team team_;
  std::uint64_t start_ = 0;
  // Destroyed in reverse: members hold handles and go before what these are attached to.
  std::unique_ptr<NativeSubject> subject_;
  OnOwnPages<Writer> writer_;
  std::optional<host::MemoryFrom> writers_memory_;
  std::vector<OnOwnPages<Member>> members_;
};

}  // namespace

TrialResult run_trial(const Row& row, const TrialSpec& spec) {
  return result_of([&](TrialResult& result) { NativeTrial(row, spec, result).run(); });
}

}  // namespace limiterbench::bench
