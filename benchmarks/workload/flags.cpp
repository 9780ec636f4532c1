#include "workload/flags.hpp"

#include <algorithm>
#include <utility>

namespace limiterbench::bench {
namespace {

const Flag& flag_named(const std::vector<Flag>& flags, std::string_view name) {
  const auto found = std::ranges::find(flags, name, &Flag::name);
  if (found != flags.end()) return *found;
  std::vector<std::string> valid;
  for (const Flag& flag : flags) valid.emplace_back(flag.name);
  refuse_unknown(name.starts_with("--") ? "flag" : "argument", name, valid);
}

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

void parse_flags(const std::vector<Flag>& flags, const std::vector<std::string>& arguments) {
  for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
    const std::size_t equals = argument->find('=');
    const bool has_value = equals != std::string::npos;
    const Flag& flag = flag_named(flags, argument->substr(0, equals));
    const std::string name(flag.name);
    std::string value = has_value ? argument->substr(equals + 1) : "";
    const bool needs_value = flag.value.starts_with('=');
    if (flag.value.empty() && has_value) throw UsageError(name + " takes no value");
    const auto next = argument + 1;
    if (needs_value && !has_value && next != arguments.end() && !next->starts_with("--"))
      value = *(argument = next);
    if (needs_value && value.empty())
      throw UsageError(name + " needs a value: " + name + std::string(flag.value));
    if (has_value && value.empty()) throw UsageError(name + "=: the value is missing");
    flag.apply(value);
  }
}

std::string help_of(const std::vector<Flag>& flags) {
  std::string text;
  for (const Flag& flag : flags) {
    std::string left = "  " + std::string(flag.name) + std::string(flag.value);
    left.resize(std::max<std::size_t>(left.size() + 1, 26), ' ');
    text += left + std::string(flag.help) + "\n";
  }
  return text;
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  const auto distance = [word](const std::string& candidate) { return edits(word, candidate); };
  const auto best = std::ranges::min_element(candidates, {}, distance);
  // A word that shares only some letters with a candidate was not meant to be it.
  if (best == candidates.end() || distance(*best) > 1 + word.size() / 4) return std::nullopt;
  return *best;
}

void refuse_unknown(std::string_view kind, std::string_view word,
                    const std::vector<std::string>& valid) {
  std::string text = "unknown " + std::string(kind) + " '" + std::string(word) + "'";
  if (const auto guess = nearest(word, valid)) text += "; did you mean '" + *guess + "'?";
  throw UsageError(text + "\nvalid: " + joined(valid));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

}  // namespace limiterbench::bench
