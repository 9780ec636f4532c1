// Threads put where the placement says, and nowhere else.
#pragma once

#include "host/topology.hpp"

namespace limiterbench::host {

// Binds the calling thread and verifies that the kernel obeyed. Threads that it creates later
// inherit the binding. Throws std::runtime_error that says what is missing; the thread is then
// where it was, or where the message says.
void bind_this_thread(const Topology& topology, const Cpu& cpu);

// Throws as bind_this_thread would for any of the topology's CPUs, and leaves the calling thread
// unbound: ask once before measuring.
void require_binding(const Topology& topology);

// Each throws std::runtime_error that names the system call which is refused here. Discovery of the
// topology never ends without the first one's. No cell can be measured without the second one's.
void require_discovery();
void require_timing();

}  // namespace limiterbench::host
