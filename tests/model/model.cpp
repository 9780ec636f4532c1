// The only place where Relacy's engine is instantiated: it takes seconds to compile.
#include "model.hpp"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

// Relacy replaces new and delete by inline functions. What the standard library frees within its
// own binary must come to the same delete, so that it must exist out of line, and the deletes that
// know the size too.
[[gnu::used]] void* (*const relacy_new)(std::size_t) = &::operator new;
[[gnu::used]] void* (*const relacy_new_array)(std::size_t) = &::operator new[];
[[gnu::used]] void (*const relacy_delete)(void*) = &::operator delete;
[[gnu::used]] void (*const relacy_delete_array)(void*) = &::operator delete[];
void operator delete(void* object, std::size_t) noexcept { ::operator delete(object); }
void operator delete[](void* object, std::size_t) noexcept { ::operator delete[](object); }

namespace limiterbench::model {
namespace {

// What is run at present. Relacy builds its test suites itself, without arguments.
Model* (*create)() = nullptr;
std::uint64_t explored = 0;
std::uint64_t enough = 0;

template <int threads>
class Suite : public rl::test_suite<Suite<threads>, threads> {
 public:
  Suite() : model_(create()) { sync::detail::forget(); }
  ~Suite() {
    model_->~Model();
    std::free(model_);
  }
  void before() {
    if (++explored > enough)
      rl::ctx().rl_until("enough", sync::detail::at(sync::location::current()));
    model_->before();
  }
  void thread(unsigned index) { model_->thread(index); }
  void after() { model_->after(); }

 private:
  Model* model_;
};

// One run of Relacy, from the state `from` on, with the history of a failure written to `history`.
// Nothing here may allocate while it runs: its allocator would take the memory for the model's.
template <int threads>
Outcome run(const Search& search, const rl::string& from, std::uint64_t last,
            std::ostream* history) {
  std::ostream nowhere(nullptr);
  rl::test_params parameters;
  parameters.search_type = search.is_random ? rl::sched_random : rl::sched_bound;
  parameters.context_bound = search.switches;
  parameters.execution_depth_limit = 20'000;
  parameters.iteration_count = last;
  parameters.initial_state = from;
  parameters.output_stream = history == nullptr ? &nowhere : history;
  parameters.progress_stream = &nowhere;
  parameters.collect_history = history != nullptr;
  rl::ostringstream state;
  Outcome outcome;
  outcome.result =
      search.is_random
          ? rl::run_test<Suite<threads>, rl::random_scheduler<threads>>(parameters, state, false)
          : rl::run_test<Suite<threads>, rl::context_bound_scheduler<threads>>(parameters, state,
                                                                               false);
  outcome.schedules = parameters.stop_iteration;
  outcome.failure = state.str();
  return outcome;
}

Outcome run(const Kind& kind, const Search& search, const rl::string& from, std::uint64_t last,
            std::ostream* history = nullptr) {
  create = kind.create;
  explored = 0;
  switch (kind.threads) {
    case 1: return run<1>(search, from, last, history);
    case 2: return run<2>(search, from, last, history);
    case 3: return run<3>(search, from, last, history);
    case 4: return run<4>(search, from, last, history);
  }
  std::abort();
}

std::uint64_t with_effort(std::uint64_t schedules) {
  static const double effort = [] {
    const char* text = std::getenv("LIMITERBENCH_MODEL_EFFORT");
    return text == nullptr ? 1.0 : std::strtod(text, nullptr);
  }();
  return static_cast<std::uint64_t>(static_cast<double>(schedules) * effort) + 1;
}

Outcome explore_tree(const Kind& kind, const Search& search) {
  enough = with_effort(search.schedules);
  Outcome outcome = run(kind, search, "", 0);
  if (outcome.result == rl::test_result_until_condition_hit) {
    outcome.result = rl::test_result_success;
  } else {
    outcome.exhausted = outcome.clean();
  }
  return outcome;
}

// The generator is seeded with the number of the schedule.
Outcome explore_random(const Kind& kind, const Search& search) {
  enough = ~std::uint64_t{0};
  return run(kind, search, "", with_effort(search.schedules));
}

// Runs the schedule that failed once more and prints what each thread did.
void explain(const Kind& kind, const Search& search, const Outcome& outcome) {
  enough = 1;
  run(kind, search, outcome.failure, 0, &std::cout);
}

const char* name_of(rl::test_result_e result) {
  return result == rl::test_result_success ? "clean" : rl::test_result_str(result);
}

Outcome print(const Kind& kind, const char* name, const Search& search) {
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome = explore(kind, search);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::string how = search.is_random ? "random" : "tree";
  if (!search.is_random && search.switches != Search::any_number)
    how += ", <= " + std::to_string(search.switches) + " switches";
  std::printf("%-48s %-20s %9llu%s %7.2f s  %s\n", name, how.c_str(),
              static_cast<unsigned long long>(outcome.schedules),
              outcome.exhausted ? " (all)" : "      ", took.count(), name_of(outcome.result));
  std::fflush(stdout);
  return outcome;
}

}  // namespace

Outcome explore(const Kind& kind, const Search& search) {
  return search.is_random ? explore_random(kind, search) : explore_tree(kind, search);
}

void Report::check(const Kind& kind, const char* name, rl::test_result_e fault,
                   std::initializer_list<Search> searches) {
  for (const Search& search : searches) {
    const Outcome outcome = print(kind, name, search);
    if (outcome.result == fault) continue;
    if (!outcome.clean()) explain(kind, search, outcome);
    std::printf("^^^ wrong: expected %s\n", name_of(fault));
    std::fflush(stdout);
    failed_ = true;
  }
}

}  // namespace limiterbench::model
