// What the simulated backend of sync.hpp asks of the machine that it runs on. The machine itself is
// not part of these headers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "location.hpp"

namespace limiterbench::simulation {

// What an access needs of the cache line: a copy to read, or the only copy.
enum class Access : std::uint8_t { load, store, modify };

class Machine {
 public:
  Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  virtual ~Machine() = default;

  // Each of these takes simulated time and may run other CPUs before it returns. What the caller
  // does from then to its next call happens at one instant.
  virtual void access(const void* address, Access access, const sync::location& where) = 0;
  virtual void fence(const sync::location& where) = 0;
  virtual void process_fence(const sync::location& where) = 0;
  virtual void pause(const sync::location& where) = 0;
  // Until wake() names the same address.
  virtual void sleep(const void* address, const sync::location& where) = 0;
  virtual void wake(const void* address, std::size_t count, const sync::location& where) = 0;
  [[nodiscard]] virtual bool has_sleepers(const void* address) const noexcept = 0;

  [[nodiscard]] virtual unsigned current_cpu() const noexcept = 0;
  [[nodiscard]] virtual unsigned cpu_count() const noexcept = 0;

  [[nodiscard]] virtual void* allocate(std::size_t size, std::size_t alignment) = 0;
  virtual void free(void* memory) noexcept = 0;

  // The one in use; there is always one while a simulated object lives.
  static inline Machine* current = nullptr;
};

}  // namespace limiterbench::simulation
