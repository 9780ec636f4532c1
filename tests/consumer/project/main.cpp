#include <limiterbench/rows/hazard.hpp>

#include <chrono>

int main() {
  limiterbench::Config config{.version = 1};
  config.rules[0] = {.limit = 100, .window = 1'000'000'000};  // 100 permits a second
  limiterbench::hazard limiter(config);                       // one, shared by all threads

  auto handle = limiter.attach();  // one for each thread
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto decision = limiter.try_acquire(
      handle, {.traffic_class = 0, .cost = 1, .now = static_cast<std::uint64_t>(now.count())});

  config.version = 2;
  config.rules[0].limit = 200;
  limiter.publish(config);  // from any thread, at any time
  return decision.admitted() && limiter.config(handle).version == 2 ? 0 : 1;
}
