// Cache lines: who holds them, who waits for them, and who is next.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <deque>
#include <limits>
#include <random>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <limiterbench/sync/machine.hpp>

#include "simulated/distances.hpp"

namespace limiterbench::simulation {

inline constexpr unsigned max_cpus = 1024;
inline constexpr Time never = std::numeric_limits<Time>::max();

// Which of the waiting requests a line serves next.
enum class Policy : std::uint8_t {
  fifo,
  node,    // the oldest of the holder's package, at most node_bound times ahead of an older one
  random,  // any, with equal chance
};
inline constexpr std::array policies{Policy::fifo, Policy::node, Policy::random};
inline constexpr unsigned node_bound = 16;

[[nodiscard]] std::string_view to_string(Policy policy) noexcept;

// The same sequence everywhere; the standard's distributions differ.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  [[nodiscard]] std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(engine_() % bound);
  }

 private:
  std::mt19937_64 engine_;
};

class CpuSet {
 public:
  void insert(unsigned cpu) noexcept { words_[cpu / 64] |= std::uint64_t{1} << cpu % 64; }
  void clear() noexcept { words_ = {}; }
  [[nodiscard]] bool contains(unsigned cpu) const noexcept {
    return (words_[cpu / 64] >> cpu % 64 & 1) != 0;
  }
  [[nodiscard]] bool empty() const noexcept { return words_ == decltype(words_){}; }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (unsigned i = 0; i < words_.size(); ++i) {
      for (std::uint64_t rest = words_[i]; rest != 0; rest &= rest - 1)
        visit(i * 64 + static_cast<unsigned>(std::countr_zero(rest)));
    }
  }

 private:
  std::array<std::uint64_t, max_cpus / 64> words_{};
};

struct Waiting {
  unsigned fiber;
  unsigned cpu;
  Access access;
};

// One line. At most one CPU owns it; while one does, nobody shares it.
struct Line {
  static constexpr unsigned nobody = max_cpus;

  unsigned owner = nobody;
  unsigned last_holder = nobody;  // who won it last, for arbitration
  CpuSet sharers;
  Time tenure_end = 0;      // until then the last winner keeps it
  Time next_grant = never;  // when the next transfer is to begin, once somebody waits
  bool in_transfer = false;
  std::uint64_t invalidations = 0;
  unsigned passed_over = 0;  // grants in a row that were not the oldest request's
  std::vector<Waiting> waiting;
  Waiting serving{};  // while in_transfer
  Time last_access = 0;
  Time last_write = 0;
  unsigned last_cpu = nobody;

  [[nodiscard]] bool is_hit(unsigned cpu, Access access) const noexcept {
    return owner == cpu || (access == Access::load && sharers.contains(cpu));
  }
  [[nodiscard]] bool is_shared() const noexcept { return owner == nobody && !sharers.empty(); }

  // How long the line takes to `cpu`: an exclusive copy waits for the farthest sharer, a copy to
  // read comes from the nearest holder, a line that nobody holds from memory.
  [[nodiscard]] Time transfer(unsigned cpu, Access access, const Distances& distances) const;
  // Takes from the others what this access forbids them.
  void yield_to(Access access);
  // Gives `cpu` what it asked for.
  void arrive(unsigned cpu, Access access);
  // The next to be served; at least one must wait.
  [[nodiscard]] Waiting pick(Policy policy, const Distances& distances, Random& random);
};

// The lines that were ever touched, by address, numbered in that order.
class Lines {
 public:
  static constexpr unsigned bytes = 64;

  [[nodiscard]] std::size_t index_of(const void* address);
  [[nodiscard]] Line& operator[](std::size_t index) { return lines_[index]; }

 private:
  struct Known {
    std::uintptr_t line = 0;
    std::size_t index = 0;
  };
  std::deque<Line> lines_;
  std::unordered_map<std::uintptr_t, std::size_t> by_address_;
  std::array<Known, 4096> recent_{};  // in front of the map
};

}  // namespace limiterbench::simulation
