// A model: a handful of threads that do a few operations each, run under one schedule after another
// by Relacy (model.cpp). It is built afresh for every schedule; before() and after() are ordered
// with everything that its threads do.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <limiterbench/sync.hpp>
#include <new>

namespace limiterbench::model {

class Model {
 public:
  // A model also has: static constexpr int threads, from 1 to 4.
  virtual ~Model() = default;
  virtual void before() {}
  virtual void thread(unsigned index) = 0;
  virtual void after() {}
};

inline void require(bool holds, const char* what,
                    sync::location where = sync::location::current()) {
  if (!holds)
    rl::ctx().fail_test(what, rl::test_result_user_assert_failed, sync::detail::at(where));
}

// How to go through the schedules. In a tree: each once, with at most `switches` preemptions, until
// none is left or there have been enough. At random: exactly so many.
struct Search {
  static constexpr unsigned any_number = ~0U;

  bool is_random = true;
  unsigned switches = 0;
  std::uint64_t schedules = 0;

  static Search random(std::uint64_t schedules) { return {true, 0, schedules}; }
  static Search tree(std::uint64_t at_most, unsigned switches = any_number) {
    return {false, switches, at_most};
  }
};

struct Outcome {
  rl::test_result_e result = rl::test_result_success;
  std::uint64_t schedules = 0;
  bool exhausted = false;   // every schedule of the search was run
  rl::string failure = {};  // the schedule that failed, in Relacy's terms
  [[nodiscard]] bool clean() const { return result == rl::test_result_success; }
};

// A kind of model. Its objects come from malloc: Relacy takes `new` for the model's own.
struct Kind {
  int threads;
  Model* (*create)();

  template <class M>
  static Kind of() {
    return {M::threads, []() -> Model* {
              constexpr std::size_t size = (sizeof(M) + alignof(M) - 1) / alignof(M) * alignof(M);
              return ::new (std::aligned_alloc(alignof(M), size)) M;
            }};
  }
};

// LIMITERBENCH_MODEL_EFFORT multiplies every number of schedules.
[[nodiscard]] Outcome explore(const Kind& kind, const Search& search);

// Prints a line for each search and remembers whether one came out other than expected.
class Report {
 public:
  // No schedule may show a fault.
  template <class M>
  void clean(const char* name, std::initializer_list<Search> searches) {
    check(Kind::of<M>(), name, rl::test_result_success, searches);
  }
  // Some schedule must show this fault.
  template <class M>
  void caught(const char* name, rl::test_result_e fault, std::initializer_list<Search> searches) {
    check(Kind::of<M>(), name, fault, searches);
  }
  [[nodiscard]] int status() const { return failed_ ? 1 : 0; }

 private:
  void check(const Kind& kind, const char* name, rl::test_result_e fault,
             std::initializer_list<Search> searches);
  bool failed_ = false;
};

}  // namespace limiterbench::model
