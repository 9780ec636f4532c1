#include "host/thread.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "host/cgroup.hpp"

namespace limiterbench::host {
namespace {

// Each with its value, where it can be read.
std::string limits() {
  std::ostringstream text;
  rlimit processes{};
  if (getrlimit(RLIMIT_NPROC, &processes) == 0) {
    text << "ulimit -u: ";
    if (processes.rlim_cur == RLIM_INFINITY) {
      text << "unlimited";
    } else {
      text << processes.rlim_cur;
    }
  }
  const std::optional<double> pids = pids_limit();
  text << ", the control group's pids.max: ";
  if (pids) {
    text << static_cast<std::uint64_t>(*pids);
  } else {
    text << "none seen";
  }
  for (const char* name : {"threads-max", "pid_max"}) {
    std::ifstream file(std::string("/proc/sys/kernel/") + name);
    if (std::string value; file >> value) text << ", kernel." << name << ": " << value;
  }
  return text.str();
}

std::string explain(const std::system_error& error) {
  std::string text = error.code().message();
  if (error.code().value() == EAGAIN) text += ": a limit on threads is reached (" + limits() + ")";
  if (error.code().value() == EPERM) text += " (a sandbox forbids clone3)";
  return text;
}

}  // namespace

std::thread start_thread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    throw std::runtime_error("cannot start a thread: " + explain(error));
  }
}

}  // namespace limiterbench::host
