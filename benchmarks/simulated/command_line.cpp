#include "simulated/command_line.hpp"

#include <charconv>
#include <functional>
#include <sstream>
#include <string_view>

#include "native/options.hpp"
#include "simulated/host_file.hpp"
#include "simulated/reference.hpp"

namespace limiterbench::simulation {
namespace {

using Names = std::vector<std::string>;

struct Flag {
  std::string_view name;
  std::string_view value;  // "": takes none
  std::string_view help;
  std::function<void(Options&, const std::string&)> apply;
};

[[noreturn]] void unknown(const std::string& kind, const std::string& word, const Names& valid) {
  std::string text = "unknown " + kind + " '" + word + "'";
  if (const auto guess = bench::nearest(word, valid)) text += "; did you mean '" + *guess + "'?";
  text += " (valid:";
  for (const std::string& name : valid) text += (name == valid.front() ? " " : ", ") + name;
  throw InputError(text + ")");
}

Names split(const std::string& list) {
  Names words;
  std::istringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

template <class Number>
Number number(std::string_view flag, const std::string& text, Number low, Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() ||
      !(value >= low && value <= high)) {
    std::ostringstream problem;
    problem << flag << ": '" << text << "' is not a number from " << low << " to " << high;
    throw InputError(problem.str());
  }
  return value;
}

void add_threads(Options& options, const std::string& list) {
  for (const std::string& word : split(list))
    options.threads.push_back(number<unsigned>("--threads", word, 1, max_cpus));
}

void set_reference(Options& options, const std::string& name) {
  const Names valid(reference_names.begin(), reference_names.end());
  if (std::ranges::find(valid, name) == valid.end()) unknown("reference workload", name, valid);
  options.reference = name;
}

void set_policies(Options& options, const std::string& list) {
  options.policies.clear();
  for (const std::string& word : split(list)) {
    if (word == "all") {
      options.policies.assign(policies.begin(), policies.end());
      continue;
    }
    const auto policy = parse_policy(word);
    if (!policy) unknown("policy", word, {"fifo", "node", "random", "all"});
    options.policies.push_back(*policy);
  }
}

void set_placements(Options& options, const std::string& list) {
  options.placements.clear();
  for (const std::string& word : split(list)) {
    const auto placement = host::parse_placement(word);
    if (!placement) unknown("placement", word, {"compact", "scatter", "smt"});
    options.placements.push_back(*placement);
  }
}

void append(Names& names, const std::string& list) {
  for (const std::string& word : split(list)) names.push_back(word);
}

const std::vector<Flag>& flags() {
  using O = Options;
  using S = std::string;
  static const std::vector<Flag> all{
      {"--help", "", "this text", [](O& o, const S&) { o.help = true; }},
      {"--list", "", "the limiters that can be simulated", [](O& o, const S&) { o.list = true; }},
      {"--host", "FILE", "the host to simulate, as docs/prediction.md describes",
       [](O& o, const S& v) { o.host = v; }},
      {"--threads", "LIST", "for example 1,2,64 (1, 2, 4 ... all CPUs)", add_threads},
      {"--limiter", "NAME", "only this one; may be repeated",
       [](O& o, const S& v) { append(o.limiters, v); }},
      {"--scenario", "NAME", "likewise", [](O& o, const S& v) { append(o.scenarios, v); }},
      {"--placement", "NAME", "compact, scatter or smt (compact)", set_placements},
      {"--policy", "NAME", "who gets a line next: fifo, node, random or all (fifo)", set_policies},
      {"--alpha", "A", "instead of the host's",
       [](O& o, const S& v) { o.alpha = number("--alpha", v, 1e-6, most_alpha); }},
      {"--seed", "N", "of the random policy and of wake-ups (1)",
       [](O& o, const S& v) { o.seed = number<std::uint64_t>("--seed", v, 0, ~std::uint64_t{0}); }},
      {"--simulated_ns", "NS", "measured for each cell (1000000)",
       [](O& o, const S& v) { o.simulated_ns = number("--simulated_ns", v, 1e3, 1e10); }},
      {"--records", "FILE", "append one JSON line a cell, policy and alpha",
       [](O& o, const S& v) { o.records = v; }},
      {"--reference", "NAME", "contended_increment or rwlock_read, not cells: a JSON array",
       set_reference}};
  return all;
}

const Flag& flag_named(const std::string& name) {
  const auto found = std::ranges::find(flags(), name, &Flag::name);
  if (found != flags().end()) return *found;
  Names valid;
  for (const Flag& flag : flags()) valid.emplace_back(flag.name);
  unknown("argument", name, valid);
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Flag& flag = flag_named(name);
    if (flag.value.empty()) {
      if (equals != std::string::npos) throw InputError(std::string(flag.name) + " takes no value");
      flag.apply(options, "");
      continue;
    }
    const bool is_next = equals == std::string::npos && i + 1 < arguments.size();
    const std::string value = is_next                       ? arguments[++i]
                              : equals == std::string::npos ? ""
                                                            : argument.substr(equals + 1);
    if (value.empty() || (is_next && value.starts_with("--")))
      throw InputError(std::string(flag.name) + " needs a value: " + std::string(flag.value));
    flag.apply(options, value);
  }
  return options;
}

std::string usage() {
  std::string text =
      "limiterbench_sim: rate-limiter hot paths on a simulated host.\n"
      "What it prints is a model's, not a measurement: docs/prediction.md says how\n"
      "far to believe it.\n\n";
  for (const Flag& flag : flags()) {
    std::string left = "  " + std::string(flag.name) + " " + std::string(flag.value);
    left.resize(std::max<std::size_t>(left.size() + 1, 22), ' ');
    text += left + std::string(flag.help) + "\n";
  }
  return text;
}

}  // namespace limiterbench::simulation
