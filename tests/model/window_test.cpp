// The window's protocol under its plainest counter.
#include <limiterbench/quota/packed.hpp>

#include "quota_models.hpp"

int main() {
  using namespace limiterbench::model;
  Report report;
  check_quota<limiterbench::PackedQuota>(report, Search::tree(100'000, 3), Search::random(60'000));
  return report.status();
}
