// The simulated machine: each CPU a fiber, one loop over events in the order of simulated time.
//
// A CPU runs on without the loop while the result is the same as with it: its accesses are hits,
// and no event precedes them by more than the shortest transfer. A CPU that asks for one of its
// lines in between gets it later than that.
#pragma once

#include <boost/context/fiber.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "simulated/arena.hpp"
#include "simulated/host_file.hpp"
#include "simulated/lines.hpp"

namespace limiterbench::simulation {

struct Parameters {
  double alpha;
  Policy policy = Policy::fifo;
  std::uint64_t seed = 1;
};

// Simulated time cannot go on, or goes on while no operation is completed. what() names the
// position of each thread. After it was thrown, the engine cannot be used again.
class Stuck : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Engine final : public Machine {
 public:
  struct Thread {
    unsigned cpu;
    std::function<void()> body;
  };

  Engine(const Host& host, const Parameters& parameters);
  ~Engine() override;

  // Runs all of them from now() until each has returned. Throws Stuck, or what a body throws.
  void run(std::vector<Thread> threads);
  // Outside of run(): when the next begins. Inside: the time of the thread that asks.
  [[nodiscard]] Time now() const noexcept { return running_ == nullptr ? now_ : running_->now; }
  void advance_to(Time time) noexcept { now_ = std::max(now_, time); }
  // The CPU that acts outside of run().
  void act_as(unsigned cpu) noexcept { outside_cpu_ = cpu; }

  // For the running thread: spend() is work that touches no shared line, progress() says that it
  // has completed something.
  void spend(Time time) noexcept { running_->now += time; }
  void sleep_until(Time time) noexcept { running_->now = std::max(running_->now, time); }
  void progress() noexcept { progress_ = std::max(progress_, running_->now); }
  // The time before each access, for the instructions between accesses.
  void set_gap(Time gap) noexcept { gap_ = gap; }

  [[nodiscard]] const Host& host() const noexcept { return host_; }
  [[nodiscard]] std::uint64_t accesses() const noexcept { return accesses_; }
  // Accesses that broke coherence: a write by a CPU that did not own the line, or an access whose
  // time lies before that of a write that it saw. There must be none.
  [[nodiscard]] std::uint64_t violations() const noexcept { return violations_; }

  void access(const void* address, Access access, const sync::location& where) override;
  void fence(const sync::location& where) override;
  void process_fence(const sync::location& where) override;
  void pause(const sync::location& where) override;
  void sleep(const void* address, const sync::location& where) override;
  void wake(const void* address, std::size_t count, const sync::location& where) override;
  [[nodiscard]] bool has_sleepers(const void* address) const noexcept override;
  [[nodiscard]] unsigned current_cpu() const noexcept override;
  [[nodiscard]] unsigned cpu_count() const noexcept override;
  [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment) override {
    return arena_.allocate(size, alignment);
  }
  void free(void* memory) noexcept override { arena_.free(memory); }

 private:
  enum class State : std::uint8_t { ready, waiting, asleep, done };
  struct Fiber {
    boost::context::fiber context;
    std::function<void()> body;
    unsigned index = 0;
    unsigned cpu = 0;
    Time now = 0;
    State state = State::ready;
    Access access = Access::load;
    std::size_t line = 0;
    std::uint64_t invalidations = 0;  // of the line when its copy set out
    sync::location where{};
  };
  enum class Kind : std::uint8_t {
    resume,       // of a fiber
    grant,        // of a line
    arrival,      // of a line, at the one that it was granted to
    copy_arrival  // of a copy of a shared line, at a fiber
  };
  struct Event {
    Time time;
    std::uint64_t order;
    std::size_t index;  // of the fiber or line
    Kind kind;
    [[nodiscard]] bool operator>(const Event& other) const noexcept {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  [[nodiscard]] Time horizon() const noexcept;
  void push(Time time, Kind kind, std::size_t index);
  void handle(const Event& event);
  void grant(std::size_t index, Time time);
  void arrive(std::size_t index, Time time);
  void request(std::size_t index, Access access);
  void queue(const Fiber& fiber, Time time);
  void perform(Line& line, Access access) noexcept;
  void schedule_grant(std::size_t index, Time earliest);
  void resume(Fiber& fiber, Time time);
  void wait_for_turn();
  void suspend();
  void start(Thread thread);
  [[nodiscard]] std::string position(const Fiber& fiber) const;
  [[nodiscard]] std::string positions() const;
  [[noreturn]] void give_up(const std::string& why);

  const Host& host_;
  Parameters parameters_;
  Time lookahead_;
  Time patience_ = 0;
  Random arbitration_;
  Random wake_times_;
  Arena arena_;
  Lines lines_;
  std::vector<Event> events_;
  std::uint64_t order_ = 0;
  std::deque<Fiber> fibers_;
  std::size_t unfinished_ = 0;
  Fiber* running_ = nullptr;
  boost::context::fiber loop_;
  std::exception_ptr failure_;
  std::unordered_map<const void*, std::deque<std::size_t>> sleepers_;
  Time now_ = 0;
  Time progress_ = 0;
  Time gap_ = 0;
  std::uint64_t accesses_ = 0;
  std::uint64_t violations_ = 0;
  unsigned outside_cpu_ = 0;
  Machine* previous_;
};

}  // namespace limiterbench::simulation
