// Every row for minutes under everything at once: random limits and teams, more threads than CPUs,
// threads that come and go, one that is stopped in the midst of requests, reloads all the while.
// Prints what was decided and what was wrong; exits 1 if anything was.
//
//   limiterbench_soak [--minutes M] [--seed N] [--row NAME]
//
// A thread moves time on only from a used-up window, so that the admissions of a round add up:
// windows * limit for an exact row, at most the stated bound a window more for an approximate one.
// Windows are whole multiples of the limit, for which gcra too admits the limit each window.
#include <malloc.h>

#include <chrono>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limiterbench/registry.hpp>
#include <map>
#include <random>
#include <string>

#include "conformance.hpp"
#include "threads.hpp"

namespace limiterbench::conformance {
namespace {

constexpr std::uint32_t traffic_class = 3;
constexpr Permits large_cost = 5;

struct Tally {
  std::uint64_t rounds = 0;
  std::uint64_t decisions = 0;
  std::uint64_t reloads = 0;
  std::uint64_t handles = 0;
  std::uint64_t faults = 0;
  std::int64_t kept_bytes = 0;  // allocated by a round and not freed, but for the first round's

  void operator+=(const Tally& other) {
    rounds += other.rounds;
    decisions += other.decisions;
    reloads += other.reloads;
    handles += other.handles;
    faults += other.faults;
    kept_bytes += other.kept_bytes;
  }
};

// What one round does, drawn at random.
struct Plan {
  Permits limit;
  Nanoseconds window;
  Nanoseconds windows;
  unsigned team;
  bool stalls;
};

Plan draw_plan(std::mt19937_64& random) {
  const Permits limit = 1 + random() % (Permits{1} << random() % 21);
  const Nanoseconds interval = 1 + random() % 1'000;
  return {.limit = limit,
          .window = limit * (min_window + interval),
          .windows = std::clamp<Nanoseconds>((Nanoseconds{1} << 20) / limit, 3, 500),
          .team = 1 + static_cast<unsigned>(random() % 8),
          .stalls = random() % 2 == 0};
}

Config version_of(std::uint64_t version, const Plan& plan) {
  Config config = uniform(version, {.limit = version % max_limit,
                                    .window = min_window + version % min_window,
                                    .backoff = {version % 100, 2, 100 + version % 100}});
  config.rules[traffic_class] = {.limit = plan.limit, .window = plan.window, .backoff = {}};
  return config;
}

// One limiter from its first request to its destruction.
class Round {
 public:
  Round(const Subject& subject, const Plan& plan, std::uint64_t seed)
      : subject_(subject),
        plan_(plan),
        seed_(seed),
        limits_(subject.info.exactness != Exactness::none),
        limiter_(subject.make(version_of(1, plan))) {}

  Tally play() {
    {
      std::uint64_t version = 1;
      const Background reloads([&] {
        limiter_->publish(version_of(++version, plan_));
        std::this_thread::sleep_for(std::chrono::microseconds(version % 64));
        tally_.reloads = version - 1;
      });
      const Background visits([this] { visit(); });
      std::barrier<> gate(static_cast<std::ptrdiff_t>(plan_.team) + 1);
      in_threads(plan_.team + 1, [&](unsigned self) {
        if (self == 0) victim_ = pthread_self();
        gate.arrive_and_wait();
        self < plan_.team ? member(self) : disturb();
        gate.arrive_and_wait();
      });
    }
    judge();
    tally_.rounds = 1;
    tally_.decisions = decisions_.load();
    tally_.handles = handles_.load();
    return tally_;
  }

 private:
  bool is_over() const { return index_.load(std::memory_order_relaxed) >= plan_.windows; }

  // Asks until denied, for more at a time first on odd threads; returns what was admitted.
  Permits drain(AnyHandle& handle, Nanoseconds now, bool large) {
    const Permits at_most = limits_ ? ~Permits{0} : plan_.limit;
    Permits admitted = 0;
    for (const Permits cost : {large_cost, Permits{1}}) {
      if ((cost == large_cost && !large) || admitted >= at_most) continue;
      const Burst burst = handle.burst({traffic_class, cost, now}, at_most - admitted, 0);
      admitted += burst.admitted;
      decisions_.fetch_add(burst.admitted / cost + (limits_ ? 1 : 0), std::memory_order_relaxed);
    }
    return admitted;
  }

  void member(unsigned self) {
    std::mt19937_64 random(seed_ + self);
    std::unique_ptr<AnyHandle> handle;
    for (Nanoseconds i = 0; (i = index_.load(std::memory_order_relaxed)) < plan_.windows;) {
      if (handle == nullptr || random() % 64 == 0) handle = attach();
      admitted_.fetch_add(drain(*handle, i * plan_.window, self % 2 == 1),
                          std::memory_order_relaxed);
      if (!is_untorn(handle->config())) fault("a torn configuration");
      index_.compare_exchange_strong(i, i + 1, std::memory_order_relaxed);
    }
  }

  // A thread that lives for one request.
  void visit() {
    std::jthread([this] {
      // The last window stays the last: it is used up, and time does not go on.
      const Nanoseconds i = std::min(index_.load(std::memory_order_relaxed), plan_.windows - 1);
      const Burst burst = attach()->burst({traffic_class, 1, i * plan_.window}, 1, 0);
      admitted_.fetch_add(burst.admitted, std::memory_order_relaxed);
      decisions_.fetch_add(1, std::memory_order_relaxed);
    }).join();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }

  void disturb() {
    if (!plan_.stalls) return;
    const Stalls stalls;
    while (!is_over()) {
      const Nanoseconds from = index_.load(std::memory_order_relaxed);
      stalls.stop(victim_);
      while (stalls.stopped() && !is_over() && index_.load(std::memory_order_relaxed) < from + 2)
        sched_yield();
      stalls.release();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  std::unique_ptr<AnyHandle> attach() {
    handles_.fetch_add(1, std::memory_order_relaxed);
    return limiter_->attach();
  }

  void judge() {
    const Permits total = admitted_.load();
    const Permits least = plan_.windows * plan_.limit;
    const bool windows = subject_.info.contract == Contract::windows;
    const Rule rule = version_of(1, plan_).rules[traffic_class];
    const Permits bound = windows ? limiter_->error_bound(rule, large_cost) : 0;
    // Without a limit each thread takes what it likes.
    if (limits_ && (total < least || total > least + plan_.windows * bound))
      fault("admitted " + std::to_string(total) + " in " + std::to_string(plan_.windows) +
            " windows of " + std::to_string(plan_.limit) + " with a bound of " +
            std::to_string(bound));
  }

  void fault(const std::string& what) {
    const std::lock_guard lock(reporting_);
    ++tally_.faults;
    std::fprintf(stderr, "%s: %s (%u threads, seed %llu)\n",
                 std::string(subject_.info.name).c_str(), what.c_str(), plan_.team,
                 static_cast<unsigned long long>(seed_));
  }

  const Subject& subject_;
  Plan plan_;
  std::uint64_t seed_;
  bool limits_;
  std::unique_ptr<AnyLimiter> limiter_;
  std::atomic<Nanoseconds> index_{0};
  std::atomic<Permits> admitted_{0};
  std::atomic<std::uint64_t> decisions_{0};
  std::atomic<std::uint64_t> handles_{0};
  pthread_t victim_{};
  std::mutex reporting_;
  Tally tally_;
};

std::int64_t allocated() { return static_cast<std::int64_t>(mallinfo2().uordblks); }

// The first round of a row fills caches that its library keeps for good.
void play(const Subject& subject, std::uint64_t seed, Tally& tally) {
  std::mt19937_64 random(seed);
  const Plan plan = draw_plan(random);
  const std::int64_t before = allocated();
  Tally round = Round(subject, plan, seed).play();
  if (tally.rounds != 0) round.kept_bytes = allocated() - before;
  tally += round;
}

struct Options {
  double minutes = 1;
  std::uint64_t seed = 1;
  std::string row;
};

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "limiterbench_soak: %s\nusage: [--minutes M] [--seed N] [--row NAME]\n",
               what.c_str());
  std::exit(2);
}

double positive(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (*text == '\0' || *end != '\0' || !std::isfinite(value) || value <= 0)
    refuse(std::string("not a positive number: '") + text + "'");
  return value;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag != "--minutes" && flag != "--seed" && flag != "--row")
      refuse("unknown argument '" + flag + "'");
    if (i + 1 == argc) refuse(flag + " needs a value");
    if (flag == "--minutes") options.minutes = positive(argv[i + 1]);
    if (flag == "--seed") options.seed = static_cast<std::uint64_t>(positive(argv[i + 1]));
    if (flag == "--row") options.row = argv[i + 1];
  }
  return options;
}

std::vector<Subject> subjects(const std::string& row) {
  std::vector<Subject> chosen;
  std::string names;
  for_each_row([&]<class Row>(std::type_identity<Row>) {
    names += " " + std::string(Row::info.name);
    if (row.empty() || row == Row::info.name) chosen.push_back(subject_of<Row>());
  });
  if (chosen.empty()) refuse("no row '" + row + "'; there are" + names);
  return chosen;
}

void print(const char* name, const Tally& tally) {
  std::printf("%-18s %6" PRIu64 " %12" PRIu64 " %9" PRIu64 " %9" PRIu64 " %6" PRIu64 " %11" PRId64
              "\n",
              name, tally.rounds, tally.decisions, tally.reloads, tally.handles, tally.faults,
              tally.kept_bytes);
}

// Far above what allocators and libraries keep whatever is done, far below a leak a handle or a
// reload over some minutes.
constexpr std::int64_t most_kept_bytes = 256 * 1024;

// A line a row; returns how many faults there were, memory kept included.
std::uint64_t print(const std::vector<Subject>& rows, const std::vector<Tally>& tallies) {
  std::printf("%-18s %6s %12s %9s %9s %6s %11s\n", "row", "rounds", "decisions", "reloads",
              "handles", "faults", "kept bytes");
  Tally all;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    print(rows[i].info.name.data(), tallies[i]);
    all += tallies[i];
    if (tallies[i].kept_bytes <= most_kept_bytes) continue;
    std::fprintf(stderr, "%s: kept %" PRId64 " bytes of limiters that are gone\n",
                 rows[i].info.name.data(), tallies[i].kept_bytes);
    ++all.faults;
  }
  print("all", all);
  return all.faults;
}

}  // namespace
}  // namespace limiterbench::conformance

int main(int argc, char** argv) {
  using namespace limiterbench::conformance;
  const Options options = parse(argc, argv);
  const std::vector<Subject> rows = subjects(options.row);
  std::vector<Tally> tallies(rows.size());
  std::printf("limiterbench_soak --minutes %g --seed %" PRIu64 "\n", options.minutes, options.seed);
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::duration<double, std::ratio<60>>(options.minutes);
  std::uint64_t seed = options.seed;
  do {
    for (std::size_t i = 0; i < rows.size(); ++i) play(rows[i], seed++ * 1'000, tallies[i]);
  } while (std::chrono::steady_clock::now() < end);
  return print(rows, tallies) == 0 ? 0 : 1;
}
