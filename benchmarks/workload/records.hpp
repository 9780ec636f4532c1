// Results as they are stored: one JSON object a line, one line a repetition.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>

#include "native/trial.hpp"
#include "workload/plan.hpp"

namespace limiterbench::bench {

// Which repetition of a cell, and how often that was measured before, each time disturbed.
struct Turn {
  unsigned repetition = 0;
  unsigned attempt = 0;
};

[[nodiscard]] nlohmann::json record_of(const Cell& cell, const TrialSpec& spec,
                                       const TrialResult& result, Turn turn,
                                       const std::string& started_utc);

// "2026-01-01T00:00:00Z"
[[nodiscard]] std::string utc_now();

// The file cannot be written to: what was measured is lost, and so would be what came next.
struct CannotRecord : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Appends to a file. A line is written by one call and is on the disk when append() returns, so
// that neither a crash nor a second writer leaves half of one behind another.
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

}  // namespace limiterbench::bench
