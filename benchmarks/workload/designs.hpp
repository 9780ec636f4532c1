// The registry's designs, as they describe themselves, without their types.
#pragma once

#include <limiterbench/limiter.hpp>

#include <string_view>
#include <vector>

namespace limiterbench::bench {

// In the order of the registry.
[[nodiscard]] const std::vector<Info>& designs();
// nullptr if there is none of that name.
[[nodiscard]] const Info* find_design(std::string_view name);

}  // namespace limiterbench::bench
