// Every source of configurations alone: a reader sees one published configuration, whole, and never
// an older one after a newer one. The ring is as small as it can be, so that slots are reused.
#include <cstdio>
#include <limiterbench/config/hazard_pointer.hpp>
#include <limiterbench/config/left_right.hpp>
#include <limiterbench/config/ring.hpp>
#include <limiterbench/config/seqlock.hpp>
#include <limiterbench/config/shared_lock.hpp>
#include <limiterbench/config/shared_pointer.hpp>
#include <limiterbench/primitives/bravo_lock.hpp>
#include <limiterbench/primitives/go_rwmutex.hpp>
#include <optional>

#include "model.hpp"

namespace limiterbench::model {
namespace {

// The n-th configuration: every word says n.
Published published(std::uint64_t n) {
  Published result;
  const Rule rule{
      .limit = n, .window = n, .backoff = {.initial = n, .multiplier = n, .ceiling = n}};
  for (PublishedRule& line : result.rules)
    line = {.rule = rule, .version = n, .sequence = n, .epoch = n};
  result.checksum = n;
  return result;
}

template <class Source>
struct Sourced : Model {
  static constexpr std::uint32_t traffic_class = 1;

  void before() override { source_ = sync::make<Source>(published(1)); }
  void after() override { sync::destroy(source_); }

  std::uint64_t read(typename Source::Reader& reader) {
    const auto guard = source_->read(reader, traffic_class);
    const PublishedRule& rule = *guard;
    const std::uint64_t n = rule.sequence;
    require(rule.rule == published(n).rules[0].rule, "torn rule");
    require(rule.version == n && rule.epoch == n, "torn line");
    return n;
  }
  std::uint64_t read_all(typename Source::Reader& reader) {
    const Config config = source_->config(reader);
    const std::uint64_t n = config.version;
    for (const Rule& rule : config.rules)
      require(rule == published(n).rules[0].rule, "torn configuration");
    require(config.checksum == n, "torn configuration");
    return n;
  }

  Source* source_ = nullptr;
};

// Three publications against a reader of one line.
template <class Source>
struct read_lines : Sourced<Source> {
  static constexpr int threads = 2;
  void thread(unsigned index) override {
    if (index == 0) {
      for (std::uint64_t n : {2u, 3u, 4u}) this->source_->publish(published(n));
    } else {
      auto reader = this->source_->attach();
      const std::uint64_t first = this->read(reader);
      require(this->read(reader) >= first, "an older rule after a newer one");
    }
  }
};

// Two publications against a reader of everything.
template <class Source>
struct read_everything : Sourced<Source> {
  static constexpr int threads = 2;
  void thread(unsigned index) override {
    if (index == 0) {
      for (std::uint64_t n : {2u, 3u}) this->source_->publish(published(n));
    } else {
      auto reader = this->source_->attach();
      const std::uint64_t first = this->read_all(reader);
      require(this->read_all(reader) >= first, "an older configuration after a newer one");
    }
  }
};

// Two readers and a publisher; who was told of a publication sees it.
template <class Source>
struct told : Sourced<Source> {
  static constexpr int threads = 3;
  void thread(unsigned index) override {
    if (index == 0) {
      for (std::uint64_t n : {2u, 3u}) {
        this->source_->publish(published(n));
        published_.store(n, sync::release);
      }
    } else {
      auto reader = this->source_->attach();
      const std::uint64_t least = published_.load(sync::acquire);
      require(this->read(reader) >= least, "told of a publication, read an older one");
    }
  }
  sync::atomic<std::uint64_t> published_{1};
};

// Publishers on two threads, one after the other: a lock orders them, as Composed's does.
template <class Source>
struct two_publishers : Sourced<Source> {
  static constexpr int threads = 3;
  void thread(unsigned index) override {
    if (index != 2) {
      const sync::lock_guard<sync::mutex> lock(publishing_);
      this->source_->publish(published(++latest_));
    } else {
      auto reader = this->source_->attach();
      const std::uint64_t first = this->read(reader);
      require(this->read(reader) >= first, "an older rule after a newer one");
    }
  }
  sync::mutex publishing_;
  std::uint64_t latest_ = 1;  // guarded by publishing_
};

template <class Source>
void check(Report& report, const char* name) {
  std::printf("%s\n", name);
  const Search tree = Search::tree(20'000, 2);
  const Search random = Search::random(30'000);
  report.clean<read_lines<Source>>("  lines", {tree, random});
  report.clean<read_everything<Source>>("  everything", {tree, random});
  report.clean<told<Source>>("  told", {tree, random});
  report.clean<two_publishers<Source>>("  two publishers", {tree, random});
}

}  // namespace
}  // namespace limiterbench::model

int main() {
  using namespace limiterbench;
  model::Report report;
  model::check<SharedLockSource<sync::shared_mutex>>(report, "shared lock");
  model::check<SharedLockSource<GoRwMutex>>(report, "shared lock, Go's");
  model::check<SharedLockSource<BravoLock, BravoLock::SharedGuard>>(report, "shared lock, BRAVO");
  model::check<SharedPointerSource>(report, "shared pointer");
  model::check<HazardPointerSource>(report, "hazard pointer");
  model::check<RingSource<2>>(report, "ring of two");
  model::check<RingSource<3>>(report, "ring of three");
  model::check<SeqlockSource>(report, "sequence lock");
  model::check<LeftRightSource>(report, "left-right");
  return report.status();
}
