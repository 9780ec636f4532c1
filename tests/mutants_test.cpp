// The suite tests itself: every broken limiter is caught, and every check catches one.
#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <map>

#include "conformance.hpp"
#include "mutants.hpp"

namespace limiterbench::conformance {

static Subject broken(Flaw flaw) {
  return {mutant::info,
          [flaw](const Config& config) { return std::make_unique<Adapter<mutant>>(config, flaw); }};
}

static bool catches(const Check& check, const Subject& subject) {
  Report report;
  try {
    check.run(subject, report);
  } catch (const std::exception&) {
    return true;
  }
  return report.failed();
}

static bool is_concurrent(const Check& check) {
  return check.group == "threads" || check.group == "oracle";
}

// How many mutants each check catches, and how many checks catch each mutant.
struct Catches {
  std::map<std::string_view, unsigned> by_check;
  std::map<std::string_view, unsigned> of_mutant;

  void run(std::string_view mutant, const Check& check, const Subject& subject) {
    const unsigned caught = catches(check, subject) ? 1 : 0;
    by_check[check.name] += caught;
    of_mutant[mutant] += caught;
  }
  bool are_wanted(std::string_view mutant, const Check& check) {
    return by_check[check.name] == 0 || of_mutant[mutant] == 0;
  }
};

static void run_sequential(Catches& caught) {
  for (std::size_t i = 1; i < flaw_names.size(); ++i) {
    for (const Check& check : all_checks()) {
      if (covers(check.scope, Exactness::exact) && !is_concurrent(check))
        caught.run(flaw_names[i], check, broken(static_cast<Flaw>(i)));
    }
  }
  Subject limits = broken(Flaw::none);
  limits.info.exactness = Exactness::none;
  Subject mute = broken(Flaw::none);
  mute.info.summary = {};
  for (const Check& check : all_checks()) {
    if (check.scope == Scope::unlimited) caught.run("limits_though_it_says_not", check, limits);
    if (check.name == "the_row_says_what_it_is") caught.run("says_nothing", check, mute);
  }
}

// A race shows by chance: again and again, with little work each time, what has not shown yet.
static void run_concurrent(Catches& caught) {
  for (unsigned attempt = 0; attempt < 30; ++attempt) {
    for (std::size_t i = flaw_names.size() - 1; i >= std::size_t(first_concurrent_flaw); --i) {
      for (const Check& check : all_checks()) {
        if (is_concurrent(check) && caught.are_wanted(flaw_names[i], check))
          caught.run(flaw_names[i], check, broken(static_cast<Flaw>(i)));
      }
    }
  }
}

TEST(suite, catches_mutants) {
  work = 1;
  Catches caught;
  run_sequential(caught);
  run_concurrent(caught);
  work = full_work;
  for (const auto& [mutant, checks] : caught.of_mutant) EXPECT_GT(checks, 0U) << mutant;
  for (const auto& [check, mutants] : caught.by_check) EXPECT_GT(mutants, 0U) << check;
}

// Otherwise the above would show nothing.
TEST(suite, finds_nothing_in_a_mutant_without_a_flaw) {
  for (const Check& check : all_checks()) {
    if (!covers(check.scope, Exactness::exact)) continue;
    EXPECT_FALSE(catches(check, broken(Flaw::none))) << check.name;
  }
}

}  // namespace limiterbench::conformance
