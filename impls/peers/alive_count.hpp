// Counts the live objects of one limiter, for libraries that free at a time of their own and do not
// say what they still hold. It outlives the limiter, as the libraries' lists do.
#pragma once

#include <cstddef>
#include <memory>

#include "../sync.hpp"

namespace limiterbench::inline LIMITERBENCH_BACKEND {

class AliveCount {
  using Count = sync::atomic<std::size_t>;

 public:
  // A member of each counted object.
  class Member {
   public:
    // relaxed, here and below: a statistic.
    explicit Member(const AliveCount& count) : count_(count.count_) {
      count_->fetch_add(1, sync::relaxed);
    }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    ~Member() { count_->fetch_sub(1, sync::relaxed); }

   private:
    std::shared_ptr<Count> count_;
  };

  [[nodiscard]] std::size_t value() const noexcept { return count_->load(sync::relaxed); }

 private:
  std::shared_ptr<Count> count_ = std::make_shared<Count>(0);
};

}  // namespace limiterbench::inline LIMITERBENCH_BACKEND
