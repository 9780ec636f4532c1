#include "native/counters.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace limiterbench::bench {
namespace {

std::string why(int error) {
  if (error == EACCES || error == EPERM) {
    std::ifstream file("/proc/sys/kernel/perf_event_paranoid");
    std::string level;
    return file >> level ? "not permitted: kernel.perf_event_paranoid is " + level
                         : "not permitted here";
  }
  if (error == ENOENT || error == ENODEV || error == EOPNOTSUPP)
    return "this CPU, or the hypervisor, offers no such counter";
  if (error == ENOSYS) return "the kernel has no perf_event_open";
  return std::strerror(error);
}

}  // namespace

int ThreadCounters::open_for_this_thread(const perf_event_attr& attributes) {
  return static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

ThreadCounters::ThreadCounters(std::span<const Event> events, Open open) {
  if (prctl(PR_TASK_PERF_EVENTS_DISABLE) != 0)
    absent_ = std::string("prctl, which starts and stops counters: ") + std::strerror(errno);
  for (const Event& event : events) {
    perf_event_attr attributes{};
    attributes.size = sizeof(attributes);
    attributes.type = event.type;
    attributes.config = event.config;
    attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    attributes.disabled = 1;
    // Permitted even where the kernel's own events are not.
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    counters_.push_back({open(attributes), {}});
    if (counters_.back().descriptor < 0 && absent_.empty())
      absent_ = std::string(event.name) + ": " + why(errno);
  }
}

ThreadCounters::~ThreadCounters() {
  for (const Counter& counter : counters_)
    if (counter.descriptor >= 0) close(counter.descriptor);
}

void ThreadCounters::start() noexcept { prctl(PR_TASK_PERF_EVENTS_ENABLE); }

void ThreadCounters::stop() noexcept { prctl(PR_TASK_PERF_EVENTS_DISABLE); }

std::vector<Count> ThreadCounters::take() {
  std::vector<Count> counts;
  for (Counter& counter : counters_) {
    Reading now;
    Count count;
    if (counter.descriptor >= 0 && read(counter.descriptor, &now, sizeof(now)) == sizeof(now)) {
      const auto value = static_cast<double>(now.value - counter.taken.value);
      const auto enabled = static_cast<double>(now.enabled_ns - counter.taken.enabled_ns);
      const auto running = static_cast<double>(now.running_ns - counter.taken.running_ns);
      if (running > 0) count = static_cast<std::uint64_t>(value * enabled / running);
      counter.taken = now;
    }
    counts.push_back(count);
  }
  return counts;
}

void add(std::vector<Count>& sum, const std::vector<Count>& more) {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (sum[i] && more[i]) {
      *sum[i] += *more[i];
    } else {
      sum[i].reset();
    }
  }
}

}  // namespace limiterbench::bench
