// A user's program: a plain loop around each design. check_inlining.py reads the machine code of
// user_loop(); the program itself shows that the loops admit.
#include <cstdint>
#include <cstdio>
#include <limiterbench/registry.hpp>
#include <span>
#include <vector>

namespace {

using namespace limiterbench;

template <Limiter L>
[[gnu::noinline]] std::uint64_t user_loop(L& limiter, typename L::Handle& handle,
                                          std::span<const Request> requests) {
  std::uint64_t admitted = 0;
  for (const Request& request : requests) {
    if (limiter.try_acquire(handle, request).admitted()) ++admitted;
  }
  return admitted;
}

template <Limiter L>
bool admits_all(std::span<const Request> requests) {
  Config config{.version = 1};
  for (Rule& rule : config.rules) rule = {.limit = max_limit, .window = max_window, .backoff = {}};
  L limiter(config);
  auto handle = limiter.attach();
  if (user_loop(limiter, handle, requests) == requests.size()) return true;
  std::printf("%s did not admit every request\n", std::string(L::info.name).c_str());
  return false;
}

}  // namespace

int main() {
  std::vector<Request> requests;
  for (std::uint32_t i = 0; i < 1000; ++i)
    requests.push_back({.traffic_class = i % std::uint32_t{class_count}, .cost = 1, .now = 1});
  bool ok = true;
  for_each_row([&]<class L>(std::type_identity<L>) { ok = admits_all<L>(requests) && ok; });
  return ok ? 0 : 1;
}
