// A rate-limited service: four threads answer UDP datagrams "CLASS COST" with "admitted",
// "denied: retry in N ms" or "never: REASON". The limits come from a file, which is read again
// whenever it changes; a file that is wrong changes nothing.
#include <limiterbench/rows/hazard.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using Limiter = limiterbench::hazard;  // another design: its header, its name here

namespace {

constexpr unsigned workers = 4;
constexpr timeval patience{.tv_sec = 0, .tv_usec = 100'000};  // between looks at a request to stop

limiterbench::Nanoseconds now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<limiterbench::Nanoseconds>(std::chrono::nanoseconds(time).count());
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// One line for each class: its number, permits, window in milliseconds. Classes that are not named
// have the limit 0. What is out of range is refused by the limiter.
limiterbench::Config parse(const std::string& text, std::uint64_t version) {
  limiterbench::Config config{.version = version};
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::size_t index = 0;
    std::uint32_t limit = 0, milliseconds = 0;
    std::string more;
    if (!(fields >> index >> limit >> milliseconds) || fields >> more ||
        index >= config.rules.size())
      throw std::invalid_argument("'" + line + "' is not: class, permits, milliseconds");
    config.rules[index] = {.limit = limit, .window = milliseconds * std::uint64_t{1'000'000}};
  }
  return config;
}

std::string answer(Limiter& limiter, Limiter::Handle& handle, const std::string& request) {
  std::istringstream fields(request);
  std::uint32_t traffic_class = 0;
  limiterbench::Permits cost = 0;
  if (!(fields >> traffic_class >> cost)) return "never: not 'CLASS COST'";
  const auto decision =
      limiter.try_acquire(handle, {.traffic_class = traffic_class, .cost = cost, .now = now()});
  if (decision.admitted()) return "admitted";
  if (decision.never()) return "never: " + std::string(to_string(decision.reason()));
  return "denied: retry in " + std::to_string(decision.retry_after() / 1'000'000 + 1) + " ms";
}

void serve(const std::stop_token& stop, int socket, Limiter& limiter) {
  auto handle = limiter.attach();  // one for each thread, for as long as it makes requests
  std::array<char, 64> buffer{};
  while (!stop.stop_requested()) {
    sockaddr_in client{};
    socklen_t length = sizeof client;
    auto* const address = reinterpret_cast<sockaddr*>(&client);
    const ssize_t size = recvfrom(socket, buffer.data(), buffer.size(), 0, address, &length);
    if (size < 0) continue;  // nobody asked
    const std::string text = answer(limiter, handle, {buffer.data(), static_cast<size_t>(size)});
    sendto(socket, text.data(), text.size(), 0, address, length);
  }
}

int listen_on(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(port);
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
    throw std::runtime_error("port " + std::to_string(port) + " cannot be used");
  return descriptor;
}

// Until a signal asks to stop: reads the file, and publishes what has changed.
void reload(const std::string& path, Limiter& limiter, std::string text, const sigset_t& signals) {
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
  for (std::uint64_t version = 2; sigtimedwait(&signals, nullptr, &pause) < 0;) {
    std::string found = contents(path);
    if (found == text) continue;
    text = std::move(found);
    try {
      limiter.publish(parse(text, version));  // decides every request from now on
      std::cout << "limits " << version++ << std::endl;
    } catch (const std::invalid_argument& error) {
      std::cout << "limits unchanged: " << error.what() << std::endl;
    }
  }
}

void run(const std::string& path, std::uint16_t port) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // in all threads: reload() waits for them

  const std::string text = contents(path);
  Limiter limiter(parse(text, 1));
  const int descriptor = listen_on(port);
  std::vector<std::jthread> threads;  // they end, and detach, before the limiter does
  for (unsigned i = 0; i < workers; ++i) threads.emplace_back(serve, descriptor, std::ref(limiter));
  std::cout << "limits 1" << std::endl;
  reload(path, limiter, text, signals);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 3) throw std::invalid_argument("usage: service FILE PORT");
    run(argv[1], static_cast<std::uint16_t>(std::stoul(argv[2])));
  } catch (const std::exception& error) {
    std::cerr << "service: " << error.what() << std::endl;
    return 2;
  }
}
