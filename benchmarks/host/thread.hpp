// Starts threads, and says which limit was reached if none can be started.
#pragma once

#include <functional>
#include <thread>

namespace limiterbench::host {

// Throws std::runtime_error. Its text names the limits on threads and their values.
[[nodiscard]] std::thread start_thread(std::function<void()> work);

}  // namespace limiterbench::host
