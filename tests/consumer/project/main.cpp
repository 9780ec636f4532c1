#include <limiterbench/limiter.hpp>
int main() {
  limiterbench::Config config;
  config.rules[0].limit = 2;
  limiterbench::validate(config);
  return config.rules[0].limit == 2 ? 0 : 1;
}
