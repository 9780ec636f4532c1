// Every row of the registry under every model of row_models.hpp.
//
//   model_rows_test [ROW]...      these rows, or all of them
#include <limiterbench/registry.hpp>
#include <string>

#include "row_models.hpp"

namespace limiterbench::model {
namespace {

template <class Row>
void check_row(Report& report) {
  const auto check = [&]<class M>(std::type_identity<M>, const char* name) {
    const std::string title = std::string(Info(Row::info).name) + " " + name;
    report.clean<M>(title.c_str(), {Search::tree(4'000, 2), Search::random(16'000)});
  };
  check(std::type_identity<saturated<Row, 3, 1>>{}, "saturated");
  check(std::type_identity<saturated<Row, 6, 2>>{}, "saturated, costs of 2");
  check(std::type_identity<on_one_cpu<Row>>{}, "on one CPU");
  check(std::type_identity<left_over<Row>>{}, "left over");
  check(std::type_identity<swept_meanwhile<Row>>{}, "swept meanwhile");
  check(std::type_identity<turned<Row>>{}, "turned");
  check(std::type_identity<turned_from_full<Row>>{}, "turned from full");
  check(std::type_identity<stamped_earlier<Row>>{}, "stamped earlier");
  check(std::type_identity<lowered<Row>>{}, "lowered");
  check(std::type_identity<resized<Row>>{}, "resized");
  check(std::type_identity<republished<Row>>{}, "republished");
  check(std::type_identity<come_and_go<Row>>{}, "come and go");
}

}  // namespace
}  // namespace limiterbench::model

int main(int count, char** arguments) {
  using namespace limiterbench;
  model::Report report;
  bool known = count == 1;
  for_each_row([&]<class Row>(std::type_identity<Row>) {
    const std::string_view name = Info(Row::info).name;
    bool wanted = count == 1;
    for (int i = 1; i < count; ++i) wanted |= name == arguments[i];
    known |= wanted;
    if (wanted) model::check_row<Row>(report);
  });
  if (!known) std::printf("no such row: %s\n", arguments[1]);
  return known ? report.status() : 2;
}
