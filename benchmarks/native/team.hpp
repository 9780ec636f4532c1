// Threads that are pinned before anything is measured and kept until the end.
//
// The thread that builds the team never pins itself, because threads that it creates later would
// inherit its one CPU.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "host/topology.hpp"

namespace limiterbench::bench {

class Team {
 public:
  // Member i runs on cpus[i]; a CPU may be given to several. Returns when every member is where it
  // belongs. Throws std::runtime_error with the first member's reason if one cannot be.
  Team(const host::Topology& topology, const std::vector<host::Cpu>& cpus);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  [[nodiscard]] unsigned size() const noexcept { return static_cast<unsigned>(threads_.size()); }

  // Runs task(member) on every member at once and `meanwhile` on the caller, and returns when all
  // are done. What a member throws is thrown here as std::runtime_error; if several throw, the
  // lowest member's.
  void run(
      std::function<void(unsigned)> task, const std::function<void()>& meanwhile = [] {});

  // "" while every member still runs where it was put: a changed cpuset moves threads.
  [[nodiscard]] std::string misplaced();

 private:
  void member(unsigned index);
  void start_round();
  void finish_round();

  std::vector<host::Cpu> cpus_;
  std::function<void(unsigned)> task_;
  std::vector<std::string> errors_;
  std::atomic<std::uint32_t> round_{0};
  std::atomic<std::uint32_t> working_{0};
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace limiterbench::bench
