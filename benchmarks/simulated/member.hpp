// What one simulated thread does and keeps.
#pragma once

#include <cstdint>
#include <memory>

#include "simulated/engine.hpp"
#include "simulated/subject.hpp"
#include "workload/admission.hpp"
#include "workload/histogram.hpp"
#include "workload/scenario.hpp"

namespace limiterbench::simulation {

[[nodiscard]] constexpr Nanoseconds in_ns(Time time) {
  return static_cast<Nanoseconds>(time + 500) / 1000;
}

struct Tally {
  std::uint64_t requests = 0;
  std::uint64_t denied = 0;
  std::uint64_t never = 0;
  std::uint64_t open_requests = 0;  // of open_class
  std::uint64_t open_admitted = 0;
  std::uint64_t configs_read = 0;
  std::uint64_t configs_torn = 0;
  std::uint64_t configs_backwards = 0;
  Time finish = 0;  // of the last request

  [[nodiscard]] std::uint64_t admitted() const noexcept { return requests - denied - never; }
};

class Member {
 public:
  // `seconds`: of all that it will do.
  Member(Engine& engine, Subject& subject, const bench::Scenario& scenario, unsigned index,
         double seconds);

  // Sends requests, one after the other, none from `end` on.
  void send_until(Time end);
  // One, outside of simulated time.
  void request(std::uint32_t traffic_class);
  // What a request of a row without accesses takes.
  void set_own_work(Time time) noexcept { own_work_ = time; }
  // What a denial takes more than an admission, its accesses apart.
  void set_denial_work(Time time) noexcept { denial_work_ = time; }

  // Of the last send_until().
  [[nodiscard]] const Tally& tally() const noexcept { return tally_; }
  [[nodiscard]] const bench::Ledger& ledger() const noexcept { return ledger_; }
  [[nodiscard]] const bench::Histogram& latencies() const noexcept { return latencies_; }

 private:
  void count(std::uint32_t traffic_class, const Decision& decision, Time start, Time finish);
  void check_config();

  Engine& engine_;
  std::unique_ptr<Client> client_;
  bench::Mix mix_;
  std::uint32_t until_rare_;
  std::uint32_t limited_class_;
  Time own_work_ = 0;
  Time denial_work_ = 0;
  std::uint64_t last_version_ = 0;
  Tally tally_;
  bench::Ledger ledger_;
  bench::Histogram latencies_;
};

// Of one thread alone, once all lines are its own.
[[nodiscard]] double accesses_a_request(const Host& host, const SimulatedRow& row,
                                        const bench::Scenario& scenario);

}  // namespace limiterbench::simulation
