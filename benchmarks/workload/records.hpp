// Results as they are stored: one JSON object a line, one line a repetition.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "workload/plan.hpp"
#include "workload/trial.hpp"

namespace limiterbench::bench {

// Which repetition of a cell, and how often it was measured before, each time disturbed.
struct Turn {
  unsigned repetition = 0;
  unsigned attempt = 0;
};

// The machine that a trial was simulated on.
struct Model {
  std::string_view policy;
  std::uint64_t seed;
  const nlohmann::json& parameters;
};

// `model`: null if the trial was measured.
[[nodiscard]] nlohmann::json record_of(const Cell& cell, const TrialSpec& spec,
                                       const TrialResult& result, Turn turn,
                                       const std::string& started_utc,
                                       const Model* model = nullptr);

// "2026-01-01T00:00:00Z"
[[nodiscard]] std::string utc_now();

// The file cannot be written: what was measured is lost, and so would be whatever came next.
struct CannotRecord : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Appends to a file. A line is written by one call and is on the disk when append() returns:
// neither a crash nor a second writer leaves half a line in front of another.
class RecordFile {
 public:
  // Throws CannotRecord if the file cannot be appended to.
  explicit RecordFile(const std::string& path);
  ~RecordFile();
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  // Throws CannotRecord.
  void append(const nlohmann::json& record);

 private:
  std::string path_;
  int descriptor_;
};

// The file that --records names, or null if it names none. It is opened before anything is
// measured: a name that cannot be written is the caller's mistake, a UsageError.
[[nodiscard]] std::unique_ptr<RecordFile> open_records(const std::string& path);

}  // namespace limiterbench::bench
