// The machine that the tests run on, described once a process.
#pragma once

#include "host/topology.hpp"

namespace limiterbench::bench {

inline const host::Topology& this_host() {
  static const host::Topology topology = host::Topology::this_host();
  return topology;
}

}  // namespace limiterbench::bench
