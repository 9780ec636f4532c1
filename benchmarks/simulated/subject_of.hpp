// What makes a design a SimulatedRow. To be included only where sync.hpp is simulated.
#pragma once

#include <limiterbench/sync.hpp>

#include "simulated/subject.hpp"

namespace limiterbench::simulation {

template <Limiter L>
class ClientOf final : public Client {
 public:
  explicit ClientOf(L& limiter) : limiter_(limiter), handle_(limiter.attach()) {}
  Decision try_acquire(const Request& request) noexcept override {
    return limiter_.try_acquire(handle_, request);
  }
  Config config() noexcept override { return limiter_.config(handle_); }

 private:
  L& limiter_;
  typename L::Handle handle_;
};

template <Limiter L>
class SubjectOf final : public SimulatedSubject {
 public:
  explicit SubjectOf(const Config& config) : limiter_(sync::make<L>(config)) {}
  ~SubjectOf() override { sync::destroy(limiter_); }

  std::unique_ptr<Client> attach() override { return std::make_unique<ClientOf<L>>(*limiter_); }
  void publish(const Config& config) override { limiter_->publish(config); }
  Footprint footprint() override { return limiter_->footprint(); }
  Permits error_bound(const Rule& rule, Permits cost) override {
    return limiter_->error_bound(rule, cost);
  }

  static std::unique_ptr<SimulatedSubject> create(const Config& config) {
    return std::make_unique<SubjectOf>(config);
  }

 private:
  L* limiter_;
};

}  // namespace limiterbench::simulation
