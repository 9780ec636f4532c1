// A plug-in with hidden symbols: it has copies of its own of all that the headers define.
#include "plugin.hpp"

#include <limiterbench/registry.hpp>

namespace limiterbench::shared_objects {
namespace {

struct Unnamed {
  int value = 0;
};

template <class L>
constexpr Design design_of{
    .try_acquire =
        [](void* limiter, void* handle, const Request& request) {
          return static_cast<L*>(limiter)->try_acquire(*static_cast<typename L::Handle*>(handle),
                                                       request);
        },
    .config =
        [](void* limiter, void* handle) {
          return static_cast<L*>(limiter)->config(*static_cast<typename L::Handle*>(handle));
        },
    .publish = [](void* limiter,
                  const Config& config) { static_cast<L*>(limiter)->publish(config); }};

constexpr Plugin plugin{
    .design = [](std::string_view name) -> const Design* {
      const Design* found = nullptr;
      for_each_row([&]<class L>(std::type_identity<L>) {
        if (Info(L::info).name == name) found = &design_of<L>;
      });
      return found;
    },
    .store = [](AtomicValue& value, int stored) { value.store(stored); },
    .store_unnamed = [](AtomicValue& value) { value.store(Unnamed{}); },
    .replace = [](AtomicValue& value, AtomicValue::Reader& reader, int old,
                  int next) { return value.compare_and_swap(reader, old, next); }};

}  // namespace
}  // namespace limiterbench::shared_objects

extern "C" [[gnu::visibility("default")]] const limiterbench::shared_objects::Plugin*
limiterbench_plugin() {
  return &limiterbench::shared_objects::plugin;
}
