// HazardDomain: readers who protect what writers retire. Under the checker a batch is one object,
// so that each retire() reclaims. Run with fences that are asymmetric, and with seq_cst ones.
#include <cstdio>
#include <limiterbench/primitives/hazard_pointer.hpp>

#include "model.hpp"

namespace limiterbench::model {
namespace {

struct Node : HazardNode<Node> {
  explicit Node(int number) : value(number) {}
  sync::plain<int> value;
};
using Domain = HazardDomain<Node>;

template <bool asymmetric>
struct Reclamation : Model {
  void before() override { sync::host = {.process_fence = asymmetric}; }
  // relaxed: ordered with the threads.
  void after() override { sync::destroy(current.load(sync::relaxed)); }

  void read_once(Domain::Pointer& pointer) {
    require(pointer.protect(current)->value.read() > 0, "not a live object");
  }
  void replace(int number) {
    domain.retire(current.exchange(sync::make<Node>(number), sync::acq_rel));
  }

  sync::atomic<Node*> current{sync::make<Node>(1)};
  Domain domain;
};

template <bool asymmetric>
struct protect_against_retire : Reclamation<asymmetric> {
  static constexpr int threads = 2;
  void thread(unsigned index) override {
    if (index == 0) {
      Domain::Pointer pointer(this->domain);
      this->read_once(pointer);
    } else {
      this->replace(2);
    }
  }
};

// One announcement gives way to the next, without clear() in between.
template <bool asymmetric>
struct protect_again : Reclamation<asymmetric> {
  static constexpr int threads = 2;
  void thread(unsigned index) override {
    if (index == 0) {
      Domain::Pointer pointer(this->domain);
      this->read_once(pointer);
      this->read_once(pointer);
      pointer.clear();
      this->read_once(pointer);
    } else {
      this->replace(2);
      this->replace(3);
    }
  }
};

// A slot goes from a reader that leaves to one that comes.
template <bool asymmetric>
struct slot_reused : Reclamation<asymmetric> {
  static constexpr int threads = 3;
  void thread(unsigned index) override {
    if (index == 2) {
      this->replace(2);
      return;
    }
    Domain::Pointer pointer(this->domain);
    this->read_once(pointer);
  }
};

// Two writers retire at once, and reclaim each other's objects.
template <bool asymmetric>
struct retire_against_retire : Reclamation<asymmetric> {
  static constexpr int threads = 3;
  void thread(unsigned index) override {
    if (index == 2) {
      Domain::Pointer pointer(this->domain);
      this->read_once(pointer);
    } else {
      this->replace(2 + static_cast<int>(index));
    }
  }
};

// As long as it is announced it stays, whoever reclaims.
template <bool asymmetric>
struct held_across_reclaim : Reclamation<asymmetric> {
  static constexpr int threads = 2;
  void thread(unsigned index) override {
    if (index == 0) {
      Domain::Pointer pointer(this->domain);
      const Node* const node = pointer.protect(this->current);
      const int number = node->value.read();
      this->domain.reclaim();
      require(node->value.read() == number, "freed while announced");
    } else {
      this->replace(2);
      this->domain.reclaim();
    }
  }
};

// What the checker must find: a reader that announces nothing.
struct unprotected : Reclamation<false> {
  static constexpr int threads = 2;
  void thread(unsigned index) override {
    if (index == 0) {
      require(current.load(sync::acquire)->value.read() > 0, "not a live object");
    } else {
      replace(2);
    }
  }
};

template <bool asymmetric>
void check(Report& report) {
  const Search tree = Search::tree(60'000, 3);
  const Search random = Search::random(40'000);
  report.clean<protect_against_retire<asymmetric>>("protect against retire", {tree, random});
  report.clean<protect_again<asymmetric>>("protect again", {tree, random});
  report.clean<slot_reused<asymmetric>>("slot reused", {tree, random});
  report.clean<retire_against_retire<asymmetric>>("retire against retire", {tree, random});
  report.clean<held_across_reclaim<asymmetric>>("held across reclaim", {tree, random});
}

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench::model;
  Report report;
  report.caught<unprotected>("unprotected", rl::test_result_data_race, {Search::tree(1'000)});
  check<false>(report);
  std::puts("with asymmetric fences:");
  check<true>(report);
  return report.status();
}
