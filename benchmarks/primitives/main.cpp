// limiterbench_primitives: what each building block of a design costs (blocks.hpp).
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>
#include <string>

#include "host/environment.hpp"
#include "workload/build_info.hpp"

int main(int argc, char** argv) {
  const nlohmann::json host = limiterbench::host::environment();
  benchmark::AddCustomContext("commit", std::string(limiterbench::bench::build_info.commit));
  benchmark::AddCustomContext("compiler", std::string(limiterbench::bench::build_info.compiler));
  for (const char* fact : {"cpu_model", "kernel", "virtualised"})
    benchmark::AddCustomContext(fact, host.value(fact, nlohmann::json()).dump());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
