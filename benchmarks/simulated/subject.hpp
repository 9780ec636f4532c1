// A row on the simulated machine, seen without its type.
#pragma once

#include <limiterbench/limiter.hpp>

#include <memory>
#include <string_view>
#include <vector>

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

class Subject {
 public:
  Subject() = default;
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  [[nodiscard]] virtual std::unique_ptr<Client> attach() = 0;
  virtual void publish(const Config& config) = 0;
  [[nodiscard]] virtual Footprint footprint() = 0;
  [[nodiscard]] virtual Permits error_bound(const Rule& rule, Permits cost) = 0;
};

// An entry of the registry. create() needs a machine.
struct SimulatedRow {
  std::string_view name;
  std::unique_ptr<Subject> (*create)(const Config& config);
};

// The hand-written rows, in the order of the registry.
[[nodiscard]] const std::vector<SimulatedRow>& simulated_rows();
// nullptr if there is none of that name.
[[nodiscard]] const SimulatedRow* find_simulated_row(std::string_view name);

}  // namespace limiterbench::simulation
