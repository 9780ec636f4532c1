// The gate before every other model: the checker must tell what C++20 allows from what it forbids.
// Where it cannot, the line says so, and this test fails if that ever changes.
#include <cstdio>

#include "litmus_buffering.hpp"
#include "litmus_coherence.hpp"
#include "litmus_passing.hpp"

namespace limiterbench::model {
namespace {

enum class Outcome20 { allowed, forbidden };
constexpr auto allowed = Outcome20::allowed;
constexpr auto forbidden = Outcome20::forbidden;

class Gate {
 public:
  // What C++20 says of the model's fault, and the checker must find.
  template <class M>
  void check(const char* name, Outcome20 standard, const Setting& with = {}) {
    line(name, standard, observed<M>(with), true, "");
  }
  // The checker says the opposite.
  template <class M>
  void limit(const char* name, Outcome20 standard, const char* why, const Setting& with = {}) {
    line(name, standard, observed<M>(with), false, why);
  }
  [[nodiscard]] int status() const {
    std::printf("%d litmus tests as C++20 says, %d known limits, %d wrong\n", right_, limits_,
                wrong_);
    return wrong_ == 0 ? 0 : 1;
  }

 private:
  // Every schedule in a tree, then random ones, in which loads reach further back.
  template <class M>
  static Outcome20 observed(const Setting& with) {
    setting = with;
    const Outcome tree = explore(Kind::of<M>(), Search::tree(200'000));
    if (!tree.clean()) return allowed;
    return explore(Kind::of<M>(), Search::random(20'000)).clean() ? forbidden : allowed;
  }

  void line(const char* name, Outcome20 standard, Outcome20 checker, bool agrees, const char* why) {
    const bool expected = (standard == checker) == agrees;
    ++(!expected ? wrong_ : agrees ? right_ : limits_);
    std::printf("%-52s C++20: %-9s  here: %-9s  %s%s\n", name, text(standard), text(checker),
                expected ? agrees ? "" : "known limit: " : "WRONG ", why);
    std::fflush(stdout);
  }
  static const char* text(Outcome20 outcome) {
    return outcome == allowed ? "allowed" : "forbidden";
  }

  int right_ = 0, limits_ = 0, wrong_ = 0;
};

void passing(Gate& gate) {
  gate.check<message_passing>("MP relaxed", allowed, {relaxed, relaxed});
  gate.check<message_passing>("MP release, relaxed load", allowed, {release, relaxed});
  gate.check<message_passing>("MP relaxed store, acquire", allowed, {relaxed, acquire});
  gate.check<message_passing>("MP release, acquire", forbidden, {release, acquire});
  gate.check<message_passing>("MP seq_cst", forbidden, {seq_cst, seq_cst});
  gate.check<message_passing>("MP release fence, acquire fence", forbidden,
                              {relaxed, relaxed, Fence::releasing, Fence::acquiring});
  gate.check<message_passing>("MP release fence, acquire load", forbidden,
                              {relaxed, acquire, Fence::releasing});
  gate.check<message_passing>("MP release store, acquire fence", forbidden,
                              {release, relaxed, Fence::none, Fence::acquiring});
  gate.check<message_passing>("MP seq_cst fences", forbidden,
                              {relaxed, relaxed, Fence::in_order, Fence::in_order});
  gate.check<message_passing>("MP release fence alone", allowed,
                              {relaxed, relaxed, Fence::releasing});
  gate.check<message_passing>("MP acquire fence alone", allowed,
                              {relaxed, relaxed, Fence::none, Fence::acquiring});
  gate.check<message_passing>("MP fences the wrong way round", allowed,
                              {relaxed, relaxed, Fence::acquiring, Fence::releasing});
  gate.check<message_passing_atomic>("MP of an atomic, relaxed", allowed, {relaxed, relaxed});
  gate.check<message_passing_atomic>("MP of an atomic, release, acquire", forbidden,
                                     {release, acquire});
  gate.check<write_read_causality>("WRC relaxed", allowed, {relaxed, relaxed});
  gate.check<write_read_causality>("WRC release, acquire", forbidden, {release, acquire});
  gate.check<two_hops>("ISA2 release, relaxed load", allowed, {release, relaxed});
  gate.check<two_hops>("ISA2 relaxed store, acquire", allowed, {relaxed, acquire});
  gate.check<two_hops>("ISA2 release, acquire", forbidden, {release, acquire});
  gate.check<sequence_through_rmw>("release sequence through another's rmw", forbidden);
  gate.check<sequence_through_store>("release sequence through another's store", allowed,
                                     {.variant = 1});
  gate.limit<sequence_through_store>("release sequence through the same thread's store", allowed,
                                     "C++11's rule, which C++20 dropped", {.variant = 0});
  gate.check<passing_by_mutex>("mutex", forbidden);
  gate.check<waiting>("wait, notify_one", forbidden, {.variant = 1});
  gate.check<waiting>("wait, nobody notifies: deadlock", allowed, {.variant = 0});
}

void buffering(Gate& gate) {
  gate.check<store_buffering>("SB relaxed", allowed, {relaxed, relaxed});
  gate.check<store_buffering>("SB release, acquire", allowed, {release, acquire});
  gate.check<store_buffering>("SB seq_cst, acquire", allowed, {seq_cst, acquire});
  gate.check<store_buffering>("SB release, seq_cst", allowed, {release, seq_cst});
  gate.check<store_buffering>("SB seq_cst", forbidden, {seq_cst, seq_cst});
  gate.check<store_buffering>("SB seq_cst fences", forbidden,
                              {relaxed, relaxed, Fence::in_order, Fence::in_order});
  gate.check<store_buffering>("SB acq_rel fences", allowed,
                              {relaxed, relaxed, Fence::both, Fence::both});
  gate.check<store_buffering>("SB one seq_cst fence", allowed, {relaxed, relaxed, Fence::in_order});
  gate.check<store_buffering>("SB asymmetric fences, light and heavy", forbidden,
                              {relaxed, relaxed, Fence::light, Fence::heavy});
  gate.check<store_buffering>("SB asymmetric fences, both light", allowed,
                              {relaxed, relaxed, Fence::light, Fence::light});
  gate.check<store_buffering_rmw>("SB exchange acq_rel, acquire", allowed, {acq_rel, acquire});
  gate.check<store_buffering_rmw>("SB exchange seq_cst, seq_cst", forbidden, {seq_cst, seq_cst});
  gate.limit<store_buffering_mixed>("SB seq_cst accesses against a seq_cst fence", forbidden,
                                    "a false alarm");
  gate.check<independent_reads>("IRIW relaxed", allowed, {relaxed, relaxed});
  gate.check<independent_reads>("IRIW release, acquire", allowed, {release, acquire});
  gate.check<independent_reads>("IRIW seq_cst", forbidden, {seq_cst, seq_cst});
  gate.check<independent_reads>("IRIW seq_cst fences", forbidden,
                                {relaxed, relaxed, Fence::in_order});
  gate.check<write_order_and_read>("R release, acquire", allowed, {release, acquire});
  gate.check<write_order_and_read>("R seq_cst", forbidden, {seq_cst, seq_cst});
  gate.check<write_order_and_write>("S release, acquire", forbidden, {release, acquire});
  gate.limit<write_order_and_write>("S relaxed", allowed, "stores take effect in program order",
                                    {relaxed, relaxed});
  gate.check<two_plus_two_writes>("2+2W seq_cst", forbidden, {seq_cst});
  gate.limit<two_plus_two_writes>("2+2W release", allowed, "stores take effect in program order",
                                  {release});
  gate.check<load_buffering>("LB acquire, release", forbidden, {acquire, release});
  gate.limit<load_buffering>("LB relaxed", allowed, "loads take effect in program order",
                             {relaxed, relaxed});
}

void coherence(Gate& gate) {
  gate.check<read_read>("CoRR relaxed", forbidden);
  gate.check<read_read_told>("CoRR relaxed, told by another", forbidden);
  gate.check<write_read>("CoWR relaxed", forbidden);
  gate.check<read_write>("CoRW relaxed", forbidden);
  gate.check<write_write>("CoWW relaxed", forbidden);
  gate.check<increments>("fetch_add relaxed", forbidden, {.variant = increments::rmw});
  gate.check<increments>("compare-and-swap loop relaxed", forbidden,
                         {.variant = increments::swap_loop});
  gate.check<increments>("load and store", allowed, {.variant = increments::load_and_store});
  gate.check<failed_swap>("failed swap returns an older value", allowed);
  gate.check<swap_orders>("swap, success acquire", forbidden,
                          {acquire, relaxed, Fence::none, Fence::none, 1});
  gate.check<swap_orders>("swap, success relaxed", allowed,
                          {relaxed, relaxed, Fence::none, Fence::none, 1});
  gate.check<swap_orders>("swap, failure acquire", forbidden,
                          {relaxed, acquire, Fence::none, Fence::none, 0});
  gate.check<swap_orders>("swap release, failure acquire", forbidden,
                          {release, acquire, Fence::none, Fence::none, 0});
  gate.check<swap_orders>("swap acquire, failure relaxed", allowed,
                          {acquire, relaxed, Fence::none, Fence::none, 0});
}

}  // namespace
}  // namespace limiterbench::model

int main() {
  limiterbench::model::Gate gate;
  limiterbench::model::passing(gate);
  limiterbench::model::buffering(gate);
  limiterbench::model::coherence(gate);
  return gate.status();
}
