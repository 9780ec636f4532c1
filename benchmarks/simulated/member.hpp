// What one simulated thread does and keeps.
#pragma once

#include <memory>

#include "simulated/engine.hpp"
#include "simulated/subject.hpp"
#include "workload/member.hpp"

namespace limiterbench::simulation {

[[nodiscard]] constexpr Nanoseconds in_ns(Time time) {
  return static_cast<Nanoseconds>(time + 500) / 1000;
}

// A tick of simulated time is a picosecond.
inline const host::TickScale time_scale{1e-3};

class Member : public bench::MemberBase {
 public:
  // `seconds`: the longest phase. `seed`: of the schedules of all threads.
  Member(Engine& engine, SimulatedSubject& subject, const bench::Scenario& scenario, unsigned index,
         double seconds, std::uint64_t seed);

  // Sends requests, one after the other, none from `end` on. All it keeps, its config_checks() too,
  // is of the last call.
  void send_until(Time end);
  // Sends this for that long, whatever is due.
  void send_paced(const bench::Load& load, Time end);
  // One, outside of simulated time.
  void request(std::uint32_t traffic_class);
  // What a request takes if its design makes no accesses.
  void set_own_work(Time time) noexcept { own_work_ = time; }
  // What a denial takes more than an admission, apart from its accesses.
  void set_denial_work(Time time) noexcept { denial_work_ = time; }

 private:
  [[nodiscard]] bench::Tally send_one(Time start);

  Engine& engine_;
  std::unique_ptr<Client> client_;
  Time own_work_ = 0;
  Time denial_work_ = 0;
};

// By one thread alone, once it owns all lines.
[[nodiscard]] double accesses_a_request(const Host& host, const SimulatedRow& row,
                                        const bench::Scenario& scenario);

}  // namespace limiterbench::simulation
