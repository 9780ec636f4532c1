// Runs every check on every row of the registry that it is for, as the GoogleTest
// <group>/<row>.<check>: a new row is tested by its line in the registry.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <limiterbench/registry.hpp>

#include <cstdlib>
#include <string>
#include <type_traits>

#include "conformance.hpp"
#include "reference_limiter.hpp"

namespace limiterbench::conformance {

// What the registry asserts of its own list does not hold of every list.
static_assert(!detail::names_are_unique(TypeList<snapshot, hazard, snapshot>{}));

class CheckTest : public testing::Test {
 public:
  CheckTest(const Check& check, Subject subject) : check_(check), subject_(std::move(subject)) {}
  void TestBody() override {
    Report report;
    check_.run(subject_, report);
    for (const std::string& violation : report.violations()) ADD_FAILURE() << violation;
  }

 private:
  const Check& check_;
  Subject subject_;
};

// A design that says of itself that it ends the process when memory fails: if no check of that
// group does so, it says too little of itself.
class FatalGroupTest : public testing::Test {
 public:
  explicit FatalGroupTest(Subject subject) : subject_(std::move(subject)) {}
  void TestBody() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
          Report report;
          for (const Check& check : all_checks()) {
            if (check.group == "memory") check.run(subject_, report);
          }
          std::_Exit(0);
        },
        // The undefined-behaviour sanitizer exits before the library gets to abort.
        [](int status) { return !WIFEXITED(status) || WEXITSTATUS(status) != 0; }, "");
  }

 private:
  Subject subject_;
};

static void register_subject(const Subject& subject) {
  if (!subject.info.survives_bad_alloc) {
    testing::RegisterTest(("memory/" + std::string(subject.info.name)).c_str(),
                          "ends_the_process_as_it_says", nullptr, nullptr, __FILE__, __LINE__,
                          [subject]() -> testing::Test* { return new FatalGroupTest(subject); });
  }
  for (const Check& check : all_checks()) {
    if (!covers(check.scope, subject.info)) continue;
    if (check.group == "memory" && !subject.info.survives_bad_alloc) continue;
    const std::string suite = std::string(check.group) + "/" + std::string(subject.info.name);
    testing::RegisterTest(
        suite.c_str(), std::string(check.name).c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [&check, subject]() -> testing::Test* { return new CheckTest(check, subject); });
  }
}

}  // namespace limiterbench::conformance

int main(int argc, char** argv) {
  namespace conformance = limiterbench::conformance;
  conformance::register_subject(conformance::subject_of<conformance::reference>());
  limiterbench::for_each_row([]<class Row>(std::type_identity<Row>) {
    using Handle = typename Row::Handle;
    static_assert(
        std::is_empty_v<Handle> || alignof(Handle) >= limiterbench::sync::false_sharing_range,
        "handles side by side in a service's table share no line");
    conformance::register_subject(conformance::subject_of<Row>());
  });
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
