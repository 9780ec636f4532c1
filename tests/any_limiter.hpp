// Any row behind virtual calls, so that the checks compile once and not once a row. The loop that
// must race at full speed is behind one call, in the row's own type.
#pragma once

#include <limiterbench/limiter.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace limiterbench::conformance {

// What a loop of equal requests came to.
struct Burst {
  Permits admitted = 0;
  Permits admitted_since = 0;  // of these, by a version at or above the one asked for
  Decision last = Decision::admit(0);
};

class AnyHandle {
 public:
  virtual ~AnyHandle() = default;
  virtual Decision try_acquire(const Request& request) noexcept = 0;
  virtual Config config() noexcept = 0;
  // Repeats the request until one is not admitted, or `at_most` permits are.
  virtual Burst burst(const Request& request, Permits at_most, std::uint64_t since) noexcept = 0;
  // This handle, moved; what is left behind may only be destroyed.
  virtual std::unique_ptr<AnyHandle> moved() = 0;
};

class AnyLimiter {
 public:
  virtual ~AnyLimiter() = default;
  virtual std::unique_ptr<AnyHandle> attach() = 0;
  virtual void publish(const Config& config) = 0;
  virtual Footprint footprint() = 0;
  virtual Permits error_bound(const Rule& rule, Permits cost) noexcept = 0;
};

template <Limiter L>
class Adapter final : public AnyLimiter {
  using Handle = typename L::Handle;
  static_assert(std::is_nothrow_move_constructible_v<Handle>, "a service keeps handles in a table");

  class TypedHandle final : public AnyHandle {
   public:
    explicit TypedHandle(L& limiter) : limiter_(limiter), handle_(limiter.attach()) {}
    TypedHandle(L& limiter, Handle&& handle) : limiter_(limiter), handle_(std::move(handle)) {}
    Decision try_acquire(const Request& request) noexcept override {
      return limiter_.try_acquire(handle_, request);
    }
    Config config() noexcept override { return limiter_.config(handle_); }
    Burst burst(const Request& request, Permits at_most, std::uint64_t since) noexcept override {
      Burst burst;
      while (burst.admitted < at_most) {
        burst.last = limiter_.try_acquire(handle_, request);
        if (!burst.last.admitted()) break;
        burst.admitted += request.cost;
        if (burst.last.version() >= since) burst.admitted_since += request.cost;
      }
      return burst;
    }
    std::unique_ptr<AnyHandle> moved() override {
      return std::make_unique<TypedHandle>(limiter_, std::move(handle_));
    }

   private:
    L& limiter_;
    Handle handle_;
  };

 public:
  template <class... Arguments>
  explicit Adapter(Arguments&&... arguments) : limiter_(std::forward<Arguments>(arguments)...) {}
  std::unique_ptr<AnyHandle> attach() override { return std::make_unique<TypedHandle>(limiter_); }
  void publish(const Config& config) override { limiter_.publish(config); }
  Footprint footprint() override { return limiter_.footprint(); }
  Permits error_bound(const Rule& rule, Permits cost) noexcept override {
    return limiter_.error_bound(rule, cost);
  }

 private:
  L limiter_;
};

// What a check is run on: a row of the registry, the reference, or a limiter broken on purpose.
struct Subject {
  Info info;
  std::function<std::unique_ptr<AnyLimiter>(const Config&)> make;
};

template <Limiter L>
Subject subject_of() {
  return {L::info, [](const Config& config) { return std::make_unique<Adapter<L>>(config); }};
}

}  // namespace limiterbench::conformance
