#include "workload/climb.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace limiterbench::bench {
namespace {

constexpr double first_rate = 100'000;  // lower ones are for designs to which this is too much
constexpr double precision = 1.1;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::size_t budgets_met(double p99) {
  return static_cast<std::size_t>(std::ranges::count_if(
      budgets_ns, [&](std::uint64_t budget) { return p99 <= static_cast<double>(budget); }));
}

bool is_within(double p99) { return p99 <= static_cast<double>(principal_budget_ns); }

// Four digits: repetitions that search alike meet at the same rates.
double rounded(double rate) {
  const double unit = std::pow(10, std::floor(std::log10(rate)) - 3);
  return std::round(rate / unit) * unit;
}

class Climb {
 public:
  Climb(LoadSweep& sweep, const std::vector<double>& rates,
        const std::function<LoadPoint(Arrivals, double)>& offer)
      : sweep_(sweep), offer_(offer) {
    const double most = sweep.generator_per_second ? *sweep.generator_per_second * generator_share
                                                   : std::numeric_limits<double>::infinity();
    for (const double rate : rates)
      if (rate <= most) rates_.push_back(rate);
  }

  void run() {
    if (!rates_.empty()) {
      walk();
      bisect();
    }
    for (const std::uint64_t budget : budgets_ns) sweep_.capacities.push_back(capacity(budget));
    const double principal = sweep_.capacities[principal_budget].rate_per_second;
    if (principal == 0) return;
    for (const double share : {1.0 / 3, 2.0 / 3}) send(Arrivals::bursty, share * principal);
  }

 private:
  double send(Arrivals arrivals, double rate) {
    return sweep_.points.emplace_back(offer_(arrivals, rate)).p99();
  }

  double p99_at(double rate) {
    std::vector<double> tries{send(Arrivals::poisson, rate)};
    if (!is_within(tries[0])) {
      tries.push_back(send(Arrivals::poisson, rate));
      if (budgets_met(tries[0]) != budgets_met(tries[1]))
        tries.push_back(send(Arrivals::poisson, rate));
    }
    return p99_[rate] = median(std::move(tries));
  }

  void walk() {
    const auto start = std::ranges::lower_bound(rates_, first_rate);
    const auto first = start == rates_.end() ? start - 1 : start;
    for (auto rate = first; rate != rates_.end(); ++rate)
      if (budgets_met(p99_at(*rate)) == 0) break;
    for (auto rate = first; rate != rates_.begin() && !is_within(p99_.at(*rate));) p99_at(*--rate);
  }

  // Between the last rate that was within the principal budget and the first that was not.
  void bisect() {
    const auto beyond = [this] {
      return std::ranges::find_if(p99_, [](const auto& tried) { return !is_within(tried.second); });
    };
    for (auto high = beyond(); high != p99_.end() && high != p99_.begin(); high = beyond()) {
      const double low = std::prev(high)->first;
      if (high->first <= precision * low) return;
      p99_at(rounded(std::sqrt(low * high->first)));
    }
  }

  [[nodiscard]] Capacity capacity(std::uint64_t budget) const {
    Capacity found{budget, 0, true};
    for (const auto& [rate, p99] : p99_) {
      if (p99 > static_cast<double>(budget)) {
        found.at_least = false;
        break;
      }
      found.rate_per_second = rate;
    }
    return found;
  }

  LoadSweep& sweep_;
  const std::function<LoadPoint(Arrivals, double)>& offer_;
  std::vector<double> rates_;
  std::map<double, double> p99_;  // by rate, of Poisson arrivals
};

}  // namespace

double LoadPoint::p99() const noexcept {
  const auto sent = static_cast<double>(response.count());
  const double due = sent + static_cast<double>(unsent);
  if (sent == 0 || static_cast<double>(unsent) > most_unsent * due)
    return std::numeric_limits<double>::infinity();
  return response.percentile(0.99 * due / sent);
}

std::vector<double> ladder() {
  std::vector<double> rates;
  for (double decade = 1e4; decade < 1e9; decade *= 10)
    for (const double digit : {1, 2, 5}) rates.push_back(digit * decade);
  rates.push_back(1e9);
  return rates;
}

void climb(LoadSweep& sweep, const std::vector<double>& rates,
           const std::function<LoadPoint(Arrivals, double)>& offer) {
  Climb(sweep, rates, offer).run();
}

}  // namespace limiterbench::bench
