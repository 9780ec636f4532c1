// What was built: from which commit, with what.
#pragma once

#include <string_view>

namespace limiterbench::bench {

struct BuildInfo {
  std::string_view version;
  std::string_view commit;  // "-dirty" behind it if files differ from it; "nogit" without one
  std::string_view compiler;
  std::string_view flags;
};
extern const BuildInfo build_info;

}  // namespace limiterbench::bench
