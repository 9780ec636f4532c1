#include "simulated/host_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "simulated/lines.hpp"
#include "simulated/subject.hpp"

namespace limiterbench::simulation {
namespace {

using nlohmann::json;

constexpr std::array fields{
    "schema",           "name",     "topology",    "rmw_ns",          "load_ns",
    "store_ns",         "fence_ns", "pause_ns",    "futex_call_ns",   "futex_wake_ns",
    "process_fence_ns", "alpha",    "transfer_ns", "instructions_ns", "denial_ns",
    "source",           "note"};

void check_names(const json& file) {
  if (!file.is_object()) throw UsageError("not a JSON object");
  const std::vector<std::string> valid(fields.begin(), fields.end());
  for (const auto& [name, value] : file.items()) {
    if (std::ranges::find(valid, name) != valid.end()) continue;
    // A name that resembles no field is somebody's remark.
    if (const auto guess = bench::nearest(name, valid))
      throw UsageError(name + ": no such field; did you mean '" + *guess + "'?");
  }
}

const json& required(const json& file, std::string_view field) {
  const auto found = file.find(std::string(field));
  if (found == file.end()) throw UsageError(std::string(field) + ": missing");
  return *found;
}

std::string text(const json& file, const std::string& field) {
  const json& value = required(file, field);
  if (!value.is_string()) throw UsageError(field + ": not a text");
  return value.get<std::string>();
}

double not_negative(const json& value, const std::string& field) {
  if (value.is_number() && value.get<double>() == 0) return 0;
  return positive_number(value, field);
}

Time time(const json& file, const std::string& field) {
  const Time time = from_ns(positive_number(required(file, field), field));
  if (time == 0) throw UsageError(field + ": less than a picosecond");
  return time;
}
// What a host file may leave out.
Time time(const json& file, const std::string& field, Time otherwise) {
  return file.contains(field) ? from_ns(not_negative(file[field], field)) : otherwise;
}

host::Topology topology(const json& file, const std::string& folder) {
  const std::string spec = text(file, "topology");
  const std::filesystem::path beside = std::filesystem::path(folder) / spec;
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(beside, ignored);
  try {
    host::Topology topology = host::Topology::from(is_file ? beside.string() : spec);
    if (topology.cpus().size() > max_cpus)
      throw UsageError("topology: " + std::to_string(topology.cpus().size()) +
                       " CPUs, but at most " + std::to_string(max_cpus) + " can be simulated");
    return topology;
  } catch (const UsageError&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw UsageError(std::string("topology: ") + error.what());
  }
}

std::vector<double> alphas(const json& file) {
  const json& value = required(file, "alpha");
  const auto checked = [](const json& number, const std::string& field) {
    const double alpha = positive_number(number, field);
    if (alpha > most_alpha)
      throw UsageError(field + ": " + number.dump() + " is above " + json(most_alpha).dump());
    return alpha;
  };
  if (!value.is_array()) return {checked(value, "alpha")};
  if (value.size() != 2) throw UsageError("alpha: neither a number nor [low, high]");
  const double low = checked(value[0], "alpha[0]");
  const double high = checked(value[1], "alpha[1]");
  if (low > high)
    throw UsageError("alpha: [low, high], but " + value[0].dump() + " is above " + value[1].dump());
  return low == high ? std::vector{low} : std::vector{low, high};
}

std::vector<Time> wakes(const json& file) {
  const json& value = required(file, "futex_wake_ns");
  if (!value.is_array()) return {from_ns(positive_number(value, "futex_wake_ns"))};
  if (value.empty()) throw UsageError("futex_wake_ns: no value");
  std::vector<Time> times;
  for (std::size_t i = 0; i < value.size(); ++i)
    times.push_back(from_ns(positive_number(value[i], "futex_wake_ns[" + std::to_string(i) + "]")));
  return times;
}

std::map<std::string, double> times_by_row(const json& file, const std::string& name) {
  std::map<std::string, double> by_row;
  if (!file.contains(name)) return by_row;
  const json& value = file[name];
  if (!value.is_object()) throw UsageError(name + ": not times by row");
  std::vector<std::string> valid;
  for (const SimulatedRow& row : simulated_rows()) valid.emplace_back(row.name);
  for (const auto& [row, ns] : value.items()) {
    const std::string field = name + "." + row;
    if (std::ranges::find(valid, row) == valid.end()) {
      const auto guess = bench::nearest(row, valid);
      throw UsageError(field + ": no row that can be simulated" +
                       (guess ? "; did you mean '" + *guess + "'?" : ""));
    }
    by_row[row] = not_negative(ns, field);
  }
  return by_row;
}

void check_source(const json& file) {
  if (!file.contains("source")) return;
  if (!file["source"].is_string() && !file["source"].is_object())
    throw UsageError("source: neither a text nor texts by field");
}

}  // namespace

double positive_number(const json& value, const std::string& field) {
  if (!value.is_number()) throw UsageError(field + ": not a number");
  const double number = value.get<double>();
  if (!(number > 0) || !(number < 1e9))
    throw UsageError(field + ": " + value.dump() + " is not above 0 and below 10^9");
  return number;
}

Host parse_host(const json& file, const std::string& folder) {
  check_names(file);
  check_source(file);
  if (file.contains("schema") && file["schema"] != 1)
    throw UsageError("schema: " + file["schema"].dump() + ", but only 1 is known");
  host::Topology cpus = topology(file, folder);
  Distances distances(required(file, "transfer_ns"), cpus);
  const Time load = time(file, "load_ns");
  const Time modify = time(file, "rmw_ns");
  if (load > modify)
    throw UsageError("load_ns: " + file["load_ns"].dump() + " is above rmw_ns (" +
                     file["rmw_ns"].dump() + ")");
  return {.name = text(file, "name"),
          .topology = std::move(cpus),
          .distances = std::move(distances),
          .alphas = alphas(file),
          .load = load,
          .store = time(file, "store_ns", load),
          .modify = modify,
          .fence = time(file, "fence_ns", modify),
          .pause = std::max<Time>(1, time(file, "pause_ns", modify)),
          .process_fence = time(file, "process_fence_ns", 0),
          .futex_call = time(file, "futex_call_ns", 0),
          .futex_wakes = wakes(file),
          .instructions = times_by_row(file, "instructions_ns"),
          .denials = times_by_row(file, "denial_ns"),
          .transfers = file["transfer_ns"].dump()};
}

Host read_host(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw UsageError(path + ": is a folder");
  std::ifstream stream(path);
  if (!stream) throw UsageError(path + ": cannot be read");
  const json file = json::parse(stream, nullptr, false);
  if (file.is_discarded()) throw UsageError(path + ": not JSON");
  try {
    return parse_host(file, std::filesystem::path(path).parent_path().string());
  } catch (const UsageError& error) {
    throw UsageError(path + ": " + error.what());
  }
}

}  // namespace limiterbench::simulation
