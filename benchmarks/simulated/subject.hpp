// A design on the simulated machine, seen without its type.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "workload/subject.hpp"

namespace limiterbench::simulation {

// One thread's access to the limiter.
class Client {
 public:
  Client() = default;
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  virtual Decision try_acquire(const Request& request) noexcept = 0;
  virtual Config config() noexcept = 0;
};

class SimulatedSubject : public bench::Subject {
 public:
  [[nodiscard]] virtual std::unique_ptr<Client> attach() = 0;
};

// An entry of the registry. create() needs a machine.
struct SimulatedRow {
  std::string_view name;
  std::unique_ptr<SimulatedSubject> (*create)(const Config& config);
};

// The hand-written designs, in the order of the registry.
[[nodiscard]] const std::vector<SimulatedRow>& simulated_rows();
// nullptr if there is none of that name.
[[nodiscard]] const SimulatedRow* find_simulated_row(std::string_view name);

}  // namespace limiterbench::simulation
