// How both programs read their flags: --NAME=VALUE, or the value as the next argument.
#pragma once

#include <charconv>
#include <functional>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace limiterbench::bench {

// Bad input: what() says what is wrong, what is valid, and what may have been meant.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Flag {
  std::string_view name;
  std::string_view value;  // as the help shows it: "" takes none, in brackets it may be left out
  std::string_view help;
  std::function<void(const std::string&)> apply;
};

// Throws UsageError.
void parse_flags(const std::vector<Flag>& flags, const std::vector<std::string>& arguments);

// One line for each flag.
[[nodiscard]] std::string help_of(const std::vector<Flag>& flags);

// The candidate with the fewest edits from `word`; nullopt if none is near.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

[[noreturn]] void refuse_unknown(std::string_view kind, std::string_view word,
                                 const std::vector<std::string>& valid);

[[nodiscard]] std::string joined(const std::vector<std::string>& words);
[[nodiscard]] std::vector<std::string> split(const std::string& list);

template <class Number>
[[nodiscard]] std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Number>
[[nodiscard]] Number number_in(std::string_view flag, const std::string& text, Number low,
                               Number high) {
  const auto value = number<Number>(text);
  if (value && *value >= low && *value <= high) return *value;
  std::ostringstream problem;
  problem << flag << "=" << text << ": not a number from " << low << " to " << high;
  throw UsageError(problem.str());
}

// The value with this name.
template <class Values>
[[nodiscard]] auto one_of(std::string_view kind, std::string_view name, const Values& values) {
  std::vector<std::string> valid;
  for (const auto value : values) {
    if (to_string(value) == name) return value;
    valid.emplace_back(to_string(value));
  }
  refuse_unknown(kind, name, valid);
}

}  // namespace limiterbench::bench
