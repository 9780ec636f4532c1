// What the test's plug-in exports: every design, as a shared object of a service compiles it.
#pragma once

#include <limiterbench/limiter.hpp>
#include <limiterbench/primitives/atomic_value.hpp>

#include <string_view>

namespace limiterbench::shared_objects {

// The limiters and handles are made where they like, and used here.
struct Design {
  Decision (*try_acquire)(void* limiter, void* handle, const Request& request);
  Config (*config)(void* limiter, void* handle);
  void (*publish)(void* limiter, const Config& config);
};

struct Plugin {
  const Design* (*design)(std::string_view name);
  void (*store)(AtomicValue& value, int stored);
  void (*store_unnamed)(AtomicValue& value);
  bool (*replace)(AtomicValue& value, AtomicValue::Reader& reader, int old, int next);
};

}  // namespace limiterbench::shared_objects
