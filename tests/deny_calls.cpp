// deny_calls ERRNO CALL[,CALL...] COMMAND...: runs the command where the kernel refuses these
// system calls with this error, as a sandbox or an older kernel would. Children inherit the
// refusal. Example: deny_calls EPERM mbind,set_mempolicy limiterbench --topology
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

// The build lists every call that this system's headers know.
constexpr std::pair<const char*, int> calls[]{
#include "system_calls.inc"
};

constexpr int last_error = 133;

int error_of(const std::string& name) {
  for (int error = 1; error <= last_error; ++error) {
    const char* known = strerrorname_np(error);
    if (known != nullptr && name == known) return error;
  }
  return 0;
}

int number_of(const std::string& name) {
  for (const auto& [known, number] : calls)
    if (name == known) return number;
  return -1;
}

sock_filter statement(int code, std::size_t value) {
  return BPF_STMT(static_cast<unsigned short>(code), static_cast<unsigned>(value));
}

int refuse(const std::string& what) {
  std::fprintf(stderr, "deny_calls: %s\n", what.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return refuse("usage: deny_calls ERRNO CALL[,CALL...] COMMAND...");
  const int error = error_of(argv[1]);
  if (error == 0) return refuse("no such error: " + std::string(argv[1]));

  std::vector<sock_filter> code{statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  std::istringstream names(argv[2]);
  for (std::string name; std::getline(names, name, ',');) {
    const int number = number_of(name);
    if (number < 0) return refuse("no such system call: " + name);
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
    code.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)));
  }
  code.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));

  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    return refuse(std::string("the kernel takes no filter: ") + std::strerror(errno));
  execvp(argv[3], argv + 3);
  std::fprintf(stderr, "deny_calls: %s: %s\n", argv[3], std::strerror(errno));
  return 127;
}
