#include "simulated/engine.hpp"

#include <algorithm>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <utility>

namespace limiterbench::simulation {
namespace {

namespace context = boost::context;

constexpr std::size_t stack_bytes = 128 * 1024;
// Simulated time without a completed operation: far more than the wait in the longest queue.
constexpr Time patience = from_ns(5e6);
constexpr std::size_t wakes_of_patience = 20;

Time cost_of(const Host& host, Access access) noexcept {
  switch (access) {
    case Access::load: return host.load;
    case Access::store: return host.store;
    case Access::modify: break;
  }
  return host.modify;
}

std::string_view name_of(Access access) noexcept {
  switch (access) {
    case Access::load: return "load";
    case Access::store: return "store";
    case Access::modify: break;
  }
  return "read-modify-write";
}

}  // namespace

Engine::Engine(const Host& host, const Parameters& parameters)
    : host_(host),
      parameters_(parameters),
      lookahead_(host.distances.shortest()),
      arbitration_(parameters.seed),
      wake_times_(~parameters.seed),
      previous_(std::exchange(Machine::current, this)) {}

Engine::~Engine() { Machine::current = previous_; }

unsigned Engine::cpu_count() const noexcept { return host_.distances.count(); }
unsigned Engine::current_cpu() const noexcept {
  return running_ == nullptr ? outside_cpu_ : running_->cpu;
}

void Engine::push(Time time, Kind kind, std::size_t index) {
  events_.push_back({time, ++order_, index, kind});
  std::ranges::push_heap(events_, std::greater<>{});
}

// Until then a hit needs no loop. A loop that never gets its turn could not see a livelock.
Time Engine::horizon() const noexcept {
  const Time late = progress_ + patience_;
  return events_.empty() ? late : std::min(late, events_.front().time + lookahead_);
}

void Engine::run(std::vector<Thread> threads) {
  progress_ = now_;
  // Threads that queue for a lock may each have to be woken before the next gets it.
  patience_ = patience + static_cast<Time>(wakes_of_patience + threads.size()) *
                             *std::ranges::max_element(host_.futex_wakes);
  fibers_.clear();
  unfinished_ = threads.size();
  for (Thread& thread : threads) start(std::move(thread));
  while (unfinished_ != 0 && failure_ == nullptr) {
    if (events_.empty()) give_up("deadlock: every thread waits for another");
    std::ranges::pop_heap(events_, std::greater<>{});
    const Event event = events_.back();
    events_.pop_back();
    now_ = std::max(now_, event.time);
    if (event.time > progress_ + patience_)
      give_up("livelock: no operation was completed in " +
              std::to_string(patience_ / from_ns(1e6)) + " simulated ms");
    handle(event);
  }
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  events_.clear();
}

void Engine::start(Thread thread) {
  Fiber& fiber = fibers_.emplace_back();
  fiber.body = std::move(thread.body);
  fiber.index = static_cast<unsigned>(fibers_.size() - 1);
  fiber.cpu = thread.cpu;
  fiber.now = now_;
  fiber.context =
      context::fiber(std::allocator_arg, context::protected_fixedsize_stack(stack_bytes),
                     [this, &fiber](context::fiber&& loop) {
                       loop_ = std::move(loop);
                       try {
                         fiber.body();
                       } catch (const context::detail::forced_unwind&) {
                         throw;
                       } catch (...) {
                         failure_ = std::current_exception();
                       }
                       fiber.state = State::done;
                       now_ = std::max(now_, fiber.now);
                       --unfinished_;
                       return std::move(loop_);
                     });
  push(fiber.now, Kind::resume, fiber.index);
}

void Engine::handle(const Event& event) {
  switch (event.kind) {
    case Kind::resume: return resume(fibers_[event.index], event.time);
    case Kind::grant: return grant(event.index, event.time);
    case Kind::arrival: return arrive(event.index, event.time);
    case Kind::copy_arrival: {
      Fiber& fiber = fibers_[event.index];
      Line& line = lines_[fiber.line];
      // It was taken away on its way, and is asked for again.
      if (line.invalidations != fiber.invalidations) return queue(fiber, event.time);
      line.arrive(fiber.cpu, Access::load);
      return resume(fiber, event.time);
    }
  }
}

void Engine::resume(Fiber& fiber, Time time) {
  fiber.now = time;
  fiber.state = State::ready;
  running_ = &fiber;
  fiber.context = std::move(fiber.context).resume();
  running_ = nullptr;
}

void Engine::suspend() { loop_ = std::move(loop_).resume(); }

void Engine::wait_for_turn() {
  Fiber& self = *running_;
  const Time turn = progress_ + patience_;
  if (self.now < (events_.empty() ? turn : std::min(turn, events_.front().time))) return;
  push(self.now, Kind::resume, self.index);
  suspend();
}

void Engine::access(const void* address, Access access, const sync::location& where) {
  if (running_ == nullptr) return;  // nothing is shared while it is built and taken apart
  Fiber& self = *running_;
  ++accesses_;
  self.now += gap_;
  self.access = access;
  self.where = where;
  self.line = lines_.index_of(address);
  Line& line = lines_[self.line];
  const auto hits = [&] { return self.now < line.next_grant && line.is_hit(self.cpu, access); };
  if (self.now >= horizon() || !hits()) {
    wait_for_turn();
    if (!hits()) request(self.line, access);
  }
  perform(line, access);
  self.now += cost_of(host_, access);
}

// A copy to read of a line that others read comes at once; everything else waits in the queue.
void Engine::request(std::size_t index, Access access) {
  Fiber& self = *running_;
  Line& line = lines_[index];
  self.state = State::waiting;
  if (access == Access::load && line.is_shared()) {
    self.invalidations = line.invalidations;
    push(self.now + line.transfer(self.cpu, access, host_.distances), Kind::copy_arrival,
         self.index);
  } else {
    queue(self, self.now);
  }
  suspend();
}

void Engine::queue(const Fiber& fiber, Time time) {
  Line& line = lines_[fiber.line];
  line.waiting.push_back({fiber.index, fiber.cpu, fiber.access});
  if (!line.in_transfer && line.next_grant == never) schedule_grant(fiber.line, time);
}

void Engine::schedule_grant(std::size_t index, Time earliest) {
  Line& line = lines_[index];
  line.next_grant = std::max(earliest, line.tenure_end);
  push(line.next_grant, Kind::grant, index);
}

void Engine::grant(std::size_t index, Time time) {
  Line& line = lines_[index];
  line.next_grant = never;
  line.in_transfer = true;
  line.serving = line.pick(parameters_.policy, host_.distances, arbitration_);
  const Waiting& next = line.serving;
  const Time transfer = line.transfer(next.cpu, next.access, host_.distances);
  line.yield_to(next.access);
  const Time arrival = time + transfer;
  line.tenure_end = arrival + static_cast<Time>(parameters_.alpha * static_cast<double>(transfer));
  push(arrival, Kind::arrival, index);
}

void Engine::arrive(std::size_t index, Time time) {
  Line& line = lines_[index];
  line.in_transfer = false;
  line.arrive(line.serving.cpu, line.serving.access);
  if (!line.waiting.empty()) schedule_grant(index, time);
  resume(fibers_[line.serving.fiber], time);
}

void Engine::perform(Line& line, Access access) noexcept {
  const Fiber& self = *running_;
  const bool writes = access != Access::load;
  const bool coherent = !writes || (line.owner == self.cpu && line.sharers.empty());
  // Two threads on one CPU may run past each other by the lookahead.
  const bool in_order =
      self.now >= (writes ? line.last_access : line.last_write) || line.last_cpu == self.cpu;
  violations_ += coherent && in_order ? 0 : 1;
  line.last_access = std::max(line.last_access, self.now);
  line.last_cpu = self.cpu;
  if (writes) line.last_write = self.now;
}

void Engine::fence(const sync::location&) {
  if (running_ != nullptr) running_->now += host_.fence;
}
void Engine::process_fence(const sync::location&) {
  if (running_ != nullptr) running_->now += host_.process_fence;
}
void Engine::pause(const sync::location& where) {
  if (running_ == nullptr) return;
  running_->where = where;
  running_->now += host_.pause;
}

void Engine::sleep(const void* address, const sync::location& where) {
  Fiber& self = *running_;
  self.where = where;
  self.now += host_.futex_call;
  self.state = State::asleep;
  self.line = lines_.index_of(address);
  sleepers_[address].push_back(self.index);
  suspend();
}

void Engine::wake(const void* address, std::size_t count, const sync::location&) {
  if (running_ == nullptr) return;
  Fiber& self = *running_;
  self.now += host_.futex_call;
  const auto asleep = sleepers_.find(address);
  if (asleep == sleepers_.end()) return;
  for (; count > 0 && !asleep->second.empty(); --count) {
    Fiber& woken = fibers_[asleep->second.front()];
    asleep->second.pop_front();
    woken.state = State::waiting;
    const Time delay = host_.futex_wakes[wake_times_.below(host_.futex_wakes.size())];
    push(std::max(self.now, woken.now) + delay, Kind::resume, woken.index);
  }
}

bool Engine::has_sleepers(const void* address) const noexcept {
  const auto asleep = sleepers_.find(address);
  return asleep != sleepers_.end() && !asleep->second.empty();
}

std::string Engine::position(const Fiber& fiber) const {
  std::string text = "thread " + std::to_string(fiber.index) + " on CPU " +
                     std::to_string(host_.topology.cpus()[fiber.cpu].os_index);
  switch (fiber.state) {
    case State::asleep: text += " asleep"; break;
    case State::waiting: text += " waits for a " + std::string(name_of(fiber.access)); break;
    default: text += " runs, last a " + std::string(name_of(fiber.access)); break;
  }
  text +=
      " on line " + std::to_string(fiber.line) + " at " + std::to_string(fiber.now / 1000) + " ns";
  if (fiber.where.function == nullptr) return text;
  const std::string file(fiber.where.file);
  return text + ", in " + fiber.where.function + " (" + file.substr(file.rfind('/') + 1) + ":" +
         std::to_string(fiber.where.line) + ")";
}

std::string Engine::positions() const {
  constexpr std::size_t most = 16;
  std::string text;
  std::size_t count = 0;
  for (const Fiber& fiber : fibers_) {
    if (fiber.state != State::done && ++count <= most) text += "\n  " + position(fiber);
  }
  if (count > most) text += "\n  and " + std::to_string(count - most) + " more";
  return text;
}

// The stacks of the threads cannot be unwound, because they are inside functions that do not throw.
// They stay, and what they refer to must stay too.
void Engine::give_up(const std::string& why) {
  const std::string text = why + positions();
  static auto& abandoned = *new std::deque<std::deque<Fiber>>;
  abandoned.push_back(std::move(fibers_));
  fibers_.clear();
  throw Stuck(text);
}

}  // namespace limiterbench::simulation
