// Every design under mixed costs and small limits, with the CPU given away at random inside it, and
// judged by the sequential oracle of history.hpp.
//
//   limiterbench_mixed_costs [--decisions N] [--seed N] [--row NAME]
//
// Then three counters that are broken on purpose, each of which must show its fault. Exits 1 if a
// design shows one or a broken counter does not.
#include <array>
#include <atomic>
#include <barrier>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <limiterbench/registry.hpp>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "history.hpp"

namespace limiterbench::conformance {
namespace {

constexpr std::uint32_t traffic_class = 3;

// What a limiter is asked for, drawn at random.
struct Plan {
  Permits limit;
  unsigned threads;
  unsigned requests;  // of each thread in a history
  Permits windows;    // of a history; 2: each thread moves on in the middle
};

Plan draw(std::mt19937_64& random, bool two_windows) {
  return {.limit = 1 + random() % 50,
          .threads = 2 + static_cast<unsigned>(random() % 15),
          .requests = 4 + static_cast<unsigned>(random() % 13),
          .windows = two_windows ? 1 + random() % 2 : 1};
}

// Many limits up to 50 do not divide it: gcra must still admit exactly the limit.
constexpr Nanoseconds length = 1'000'000;

Config config_of(std::uint64_t version, Permits limit) {
  Config config{.version = version, .rules = {}};
  for (Rule& rule : config.rules) rule = {.limit = limit, .window = length, .backoff = {}};
  // Every publication differs, but not for the class that is judged.
  config.rules[0].limit = 1 + version % 100;
  return config;
}

struct Tally {
  std::uint64_t decisions = 0;
  Faults faults;
};

// A limiter and a team that plays one history after the other on it, each in windows of its own.
template <class Row>
class Player {
 public:
  Player(const Plan& plan, bool has_windows, std::uint64_t seed)
      : plan_(plan),
        seed_(seed),
        limiter_(config_of(1, plan.limit)),
        bound_(has_windows ? limiter_.error_bound({.limit = plan.limit}, plan.limit) : 0) {}

  Tally play(unsigned histories) {
    std::barrier gate(static_cast<std::ptrdiff_t>(plan_.threads), [this]() noexcept { close(); });
    std::vector<std::jthread> team;
    for (unsigned i = 0; i < plan_.threads; ++i)
      team.emplace_back([&, i] { member(i, histories, gate); });
    team.clear();
    return tally_;
  }

 private:
  template <class Gate>
  void member(unsigned self, unsigned histories, Gate& gate) {
    std::mt19937_64 random(seed_ + self);
    auto handle = limiter_.attach();
    std::vector<Event> mine;
    for (unsigned i = 0; i < histories; ++i) {
      mine.clear();
      gate.arrive_and_wait();
      for (unsigned k = 0; k < plan_.requests; ++k) {
        const Nanoseconds window = first_window_ + (k * plan_.windows) / plan_.requests;
        mine.push_back(ask(handle, random, window));
        if (self == 0 && random() % 16 == 0) limiter_.publish(config_of(++version_, plan_.limit));
      }
      const std::lock_guard lock(collecting_);
      history_.insert(history_.end(), mine.begin(), mine.end());
    }
    gate.arrive_and_wait();
  }

  Event ask(typename Row::Handle& handle, std::mt19937_64& random, Nanoseconds window) {
    // Small costs as often as all others: these are the ones that large ones could get in the way.
    const Permits cost = random() % 2 == 0 ? 1 : 1 + random() % plan_.limit;
    Event event{.begin = clock_.fetch_add(1, std::memory_order_seq_cst), .cost = cost};
    const Decision decision = limiter_.try_acquire(handle, {traffic_class, cost, window * length});
    event.end = clock_.fetch_add(1, std::memory_order_seq_cst);
    event.admitted = decision.admitted();
    return event;
  }

  // While all threads wait. gcra's burst is whole again after a window without requests.
  void close() {
    tally_.decisions += history_.size();
    tally_.faults += judge(history_, plan_.limit, plan_.windows, bound_);
    history_.clear();
    first_window_ += plan_.windows + 1;
  }

  Plan plan_;
  std::uint64_t seed_;
  Row limiter_;
  Permits bound_;
  Nanoseconds first_window_ = 10;
  std::uint64_t version_ = 1;
  std::atomic<std::uint64_t> clock_{0};
  std::mutex collecting_;
  std::vector<Event> history_;
  Tally tally_;
};

// Plays histories until `decisions` have been made, or one has a fault.
template <class Row>
Tally play(const Info& info, std::uint64_t decisions, std::uint64_t seed) {
  constexpr unsigned histories_of_a_limiter = 50;
  const bool has_windows = info.contract == Contract::windows;
  std::mt19937_64 random(seed);
  Tally tally;
  while (tally.decisions < decisions && tally.faults.all() == 0) {
    const Plan plan = draw(random, has_windows);
    const Tally more = Player<Row>(plan, has_windows, random()).play(histories_of_a_limiter);
    tally.decisions += more.decisions;
    tally.faults += more.faults;
  }
  return tally;
}

void print(std::string_view name, const Tally& tally) {
  std::printf("%-34s %12" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
              std::string(name).c_str(), tally.decisions, tally.faults.over_the_limit,
              tally.faults.denied_too_early, tally.faults.stranded);
  std::fflush(stdout);
}

// Counters broken on purpose. One window, and a limit that is never replaced.
enum class Flaw : std::uint8_t { looks_then_adds, gives_back, rounds_up };

template <Flaw Chosen>
class broken {
 public:
  struct Handle {};
  explicit broken(const Config& config) : limit_(config.rules[traffic_class].limit) {}
  Handle attach() { return {}; }
  Decision try_acquire(Handle&, const Request& request) noexcept {
    const std::uint64_t window = request.now / length << 32;
    std::uint64_t seen = word_.load(sync::relaxed);
    while (seen < window &&
           !word_.compare_exchange_weak(seen, window, sync::relaxed, sync::relaxed)) {
    }
    const bool fits = Chosen == Flaw::looks_then_adds ? looks_then_adds(request.cost)
                      : Chosen == Flaw::gives_back    ? gives_back(request.cost)
                                                      : rounds_up(request.cost);
    return fits ? Decision::admit(1) : Decision::deny(1, 1);
  }
  void publish(const Config&) {}
  Permits error_bound(const Rule&, Permits) const { return 0; }

 private:
  static Permits used(std::uint64_t word) { return word & 0xffffffff; }
  // Two requests may both see room for one.
  bool looks_then_adds(Permits cost) {
    if (used(word_.load(sync::relaxed)) + cost > limit_) return false;
    word_.fetch_add(cost, sync::relaxed);
    return true;
  }
  // What is given back was in the way of others meanwhile.
  bool gives_back(Permits cost) {
    if (used(word_.fetch_add(cost, sync::relaxed)) + cost <= limit_) return true;
    word_.fetch_sub(cost, sync::relaxed);
    return false;
  }
  // A denial leaves its window as if it were used up.
  bool rounds_up(Permits cost) {
    std::uint64_t seen = word_.load(sync::relaxed);
    for (;;) {
      const bool fits = used(seen) + cost <= limit_;
      const std::uint64_t next = fits ? seen + cost : seen - used(seen) + limit_;
      if (word_.compare_exchange_weak(seen, next, sync::relaxed, sync::relaxed)) return fits;
    }
  }

  Permits limit_;
  sync::atomic<std::uint64_t> word_{0};
};

template <Flaw Chosen>
bool is_caught(std::string_view name, std::uint64_t Faults::*shown) {
  const Info info{.name = name, .summary = "", .source = ""};
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 20 && tally.faults.*shown == 0; ++seed) {
    const Tally more = play<broken<Chosen>>(info, 200'000, seed);
    tally.decisions += more.decisions;
    tally.faults += more.faults;
  }
  print(name, tally);
  return tally.faults.*shown != 0;
}

struct Options {
  std::uint64_t decisions = 20'000;
  std::uint64_t seed = 1;
  std::string row;
};

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr,
               "limiterbench_mixed_costs: %s\nusage: [--decisions N] [--seed N] [--row NAME]\n",
               what.c_str());
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (i + 1 == argc) refuse(flag + " needs a value");
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(argv[i + 1], &end, 10);
    const bool is_number = *end == '\0' && number != 0;
    if (flag == "--row") {
      options.row = argv[i + 1];
    } else if (flag != "--decisions" && flag != "--seed") {
      refuse("unknown argument '" + flag + "'");
    } else if (!is_number) {
      refuse("not a positive whole number: '" + std::string(argv[i + 1]) + "'");
    } else {
      (flag == "--seed" ? options.seed : options.decisions) = number;
    }
  }
  return options;
}

int run(const Options& options) {
  bool known = options.row.empty();
  bool good = true;
  std::printf("%-34s %12s %10s %10s %10s\n", "design", "decisions", "over limit", "too early",
              "stranded");
  for_each_row([&]<class Row>(std::type_identity<Row>) {
    const Info info = Row::info;
    if (!options.row.empty() && options.row != info.name) return;
    known = true;
    if (info.exactness == Exactness::none) return;
    const Tally tally = play<Row>(info, options.decisions, options.seed);
    print(info.name, tally);
    good &= tally.faults.all() == 0;
  });
  if (!known) refuse("no row '" + options.row + "'");
  good &= is_caught<Flaw::looks_then_adds>("broken: looks, then adds", &Faults::over_the_limit);
  good &= is_caught<Flaw::gives_back>("broken: adds, then gives back", &Faults::denied_too_early);
  good &= is_caught<Flaw::rounds_up>("broken: a denial ends the window", &Faults::stranded);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace limiterbench::conformance

int main(int argc, char** argv) {
  return limiterbench::conformance::run(limiterbench::conformance::parse(argc, argv));
}
