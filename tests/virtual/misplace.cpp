// Preloaded, it is a sandbox that lies: whoever asks for CPU 4 gets CPU 6, and is told CPU 4.
#include <dlfcn.h>
#include <sched.h>

#include <cstddef>

namespace {

constexpr int wanted = 4;
constexpr int given = 6;
thread_local bool lied = false;

cpu_set_t only(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return set;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int sched_setaffinity(pid_t thread, std::size_t size, const cpu_set_t* set) noexcept {
  const cpu_set_t one = only(wanted);
  const cpu_set_t other = only(given);
  lied = CPU_EQUAL_S(size, set, &one) != 0;
  return next<decltype(sched_setaffinity)>("sched_setaffinity")(thread, size, lied ? &other : set);
}

extern "C" int sched_getaffinity(pid_t thread, std::size_t size, cpu_set_t* set) noexcept {
  const int result = next<decltype(sched_getaffinity)>("sched_getaffinity")(thread, size, set);
  if (lied && result == 0) {
    CPU_CLR_S(given, size, set);
    CPU_SET_S(wanted, size, set);
  }
  return result;
}

extern "C" int sched_getcpu() noexcept {
  return lied ? wanted : next<decltype(sched_getcpu)>("sched_getcpu")();
}
