#include "workload/options.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace limiterbench::bench {
namespace {

// At the lowest one a step of the longest duration still has a request in each 100 ms.
constexpr double lowest_rate = 10;
constexpr double highest_rate = 1e10;

// `known` is what this name stands for in the whole suite, if anything.
template <class T>
const T* chosen(std::string_view kind, const std::string& name, const std::vector<const T*>& valid,
                const T* known) {
  if (known != nullptr && std::ranges::find(valid, known) != valid.end()) return known;
  std::vector<std::string> names;
  for (const T* each : valid) names.emplace_back(each->name);
  if (known == nullptr) refuse_unknown(kind, name, names);
  throw UsageError(std::string(kind) + " '" + name +
                   "' has no simulated form\nvalid: " + joined(names));
}

void add_threads(Selection& selection, const std::string& counts) {
  for (const std::string& word : split(counts)) {
    const auto count = number<unsigned>(word);
    if (!count)
      throw UsageError("--threads=" + counts + ": '" + word + "' is not a number of threads");
    selection.threads.push_back(*count);
  }
}

std::vector<double> rates_of(const std::string& list) {
  std::vector<double> rates;
  for (const std::string& word : split(list))
    rates.push_back(number_in("--rates", word, lowest_rate, highest_rate));
  std::ranges::sort(rates);
  rates.erase(std::unique(rates.begin(), rates.end()), rates.end());
  return rates;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  cell.resize(std::max(cell.size() + 1, width), ' ');
  return cell;
}

}  // namespace

std::vector<Flag> common_flags(CommonOptions& options, const Choices& choices) {
  using S = std::string;
  Selection& selection = options.selection;
  return {
      {"--help", "", "this text", [&](const S&) { options.help = true; }},
      {"--list", "[=json]", "the designs that can be chosen",
       [&](const S& v) { options.list = format_of("--list", v); }},
      {"--limiter", "=NAME", "only this design; may be repeated",
       [&selection, choices](const S& v) {
         for (const S& name : split(v))
           selection.designs.push_back(chosen("limiter", name, choices.designs, find_design(name)));
       }},
      {"--scenario", "=NAME", "only this one; may be repeated",
       [&selection, choices](const S& v) {
         for (const S& name : split(v))
           selection.scenarios.push_back(
               chosen("scenario", name, choices.scenarios, find_scenario(name)));
       }},
      {"--placement", "=NAME", "only compact, scatter or smt; may be repeated",
       [&](const S& v) {
         for (const S& name : split(v))
           selection.placements.push_back(one_of("placement", name, host::placements));
       }},
      {"--threads", "=LIST", "for example 1,2,4", [&](const S& v) { add_threads(selection, v); }},
      {"--rates", "=LIST", "of open_loop, in decisions a second by all threads: 1e6,2e6",
       [&](const S& v) { options.rates = rates_of(v); }},
      {"--records", "=FILE", "append each result as a line of JSON",
       [&](const S& v) { options.records = v; }}};
}

Format format_of(std::string_view flag, const std::string& text) {
  if (text.empty() || text == "text") return Format::text;
  if (text == "json") return Format::json;
  refuse_unknown(std::string(flag) + " format", text, {"text", "json"});
}

std::string list_of(const Choices& choices, Format format) {
  if (format == Format::json) return rows_json(choices.designs).dump(2) + "\n";
  std::string text;
  for (const Info* design : choices.designs)
    text += padded(design->name, 16) + padded(to_string(design->exactness), 12) +
            std::string(to_string(design->progress)) + "\n    " + std::string(design->summary) +
            "\n";
  return text;
}

void check_threads(const Selection& selection, const host::Topology& topology,
                   std::string_view remedy) {
  const std::size_t cpus = topology.cpus().size();
  const std::string has =
      (topology.is_this_host() ? "this process may use " : "the topology has ") +
      std::to_string(cpus) + (cpus == 1 ? " CPU" : " CPUs");
  for (const unsigned threads : selection.threads) {
    if (threads == 0) throw UsageError("--threads: 0 threads cannot measure anything; " + has);
    if (threads > cpus && !selection.oversubscribe)
      throw UsageError("--threads: " + std::to_string(threads) + " threads, but " + has +
                       std::string(remedy));
    if (threads > most_threads)
      throw UsageError("--threads: at most " + std::to_string(most_threads));
  }
}

}  // namespace limiterbench::bench
