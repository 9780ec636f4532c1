// Preloaded, it is a sandbox that forbids binding threads.
#include <cerrno>
#include <cstddef>

extern "C" int sched_setaffinity(int, std::size_t, const void*) {
  errno = EPERM;
  return -1;
}
