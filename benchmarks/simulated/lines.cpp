#include "simulated/lines.hpp"

#include <algorithm>

namespace limiterbench::simulation {

std::string_view to_string(Policy policy) noexcept {
  switch (policy) {
    case Policy::fifo: return "fifo";
    case Policy::node: return "node";
    case Policy::random: return "random";
  }
  return "unknown";
}

Time Line::transfer(unsigned cpu, Access access, const Distances& distances) const {
  // Two threads on one CPU: the other has brought it here meanwhile.
  if (is_hit(cpu, access)) return 0;
  if (owner != nobody) return distances.between(owner, cpu);
  if (sharers.empty()) return distances.longest_to(cpu);
  Time nearest = never, farthest = 0;
  sharers.for_each([&](unsigned sharer) {
    if (sharer == cpu) return;
    nearest = std::min(nearest, distances.between(sharer, cpu));
    farthest = std::max(farthest, distances.between(sharer, cpu));
  });
  return access == Access::load ? nearest : farthest;
}

void Line::yield_to(Access access) {
  if (access == Access::load) {
    if (owner != nobody) sharers.insert(owner);
  } else {
    sharers.clear();
    ++invalidations;
  }
  owner = nobody;
}

void Line::arrive(unsigned cpu, Access access) {
  last_holder = cpu;
  if (access == Access::load && !sharers.empty()) {
    sharers.insert(cpu);
  } else {
    owner = cpu;
  }
}

Waiting Line::pick(Policy policy, const Distances& distances, Random& random) {
  std::size_t chosen = 0;
  if (policy == Policy::random) {
    chosen = random.below(waiting.size());
  } else if (policy == Policy::node && passed_over < node_bound && last_holder != nobody) {
    const unsigned node = distances.node(last_holder);
    const auto near = std::ranges::find_if(
        waiting, [&](const Waiting& request) { return distances.node(request.cpu) == node; });
    if (near != waiting.end()) chosen = static_cast<std::size_t>(near - waiting.begin());
  }
  passed_over = chosen == 0 ? 0 : passed_over + 1;
  const auto position = waiting.begin() + static_cast<std::ptrdiff_t>(chosen);
  const Waiting request = *position;
  waiting.erase(position);
  return request;
}

std::size_t Lines::index_of(const void* address) {
  const std::uintptr_t line = reinterpret_cast<std::uintptr_t>(address) / bytes;
  Known& known = recent_[line % recent_.size()];
  if (known.line == line) [[likely]]
    return known.index;
  const auto [entry, is_new] = by_address_.try_emplace(line, lines_.size());
  if (is_new) lines_.emplace_back();
  known = {line, entry->second};
  return known.index;
}

}  // namespace limiterbench::simulation
