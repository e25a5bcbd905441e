// QuarantineFile: the list of bad samples, as tab-separated text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "io/file.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"

namespace headrace::loader {

// One line of text as it may stand in a column: tabs, line breaks, backslashes and other control
// characters are escaped as in C (\t \n \r \\ \x1b).
std::string EscapedColumn(std::string_view text);

// What: a header line, then a line a sample: path, offset, id, epoch, code, reason, name. Lines are
// appended, each batch of them in one write, so several processes may have the same file. Owner:
// the loader or a scan. Thread: one at a time, never a worker's. Cost: text for each bad sample.
class QuarantineFile {
 public:
  // Makes the file if it is not there. `error` names it, not the key.
  [[nodiscard]] static bool Open(const std::string& path, std::unique_ptr<QuarantineFile>* made,
                                 ConfigError* error);

  // Without an epoch: found by looking at the files, outside of any. Written at the next Flush.
  void Add(const Dataset& dataset, uint64_t id, std::optional<uint32_t> epoch,
           const Status& status);
  // The first failure is returned; from then on nothing is written.
  Status Flush();

  const std::string& path() const { return path_; }

 private:
  QuarantineFile(std::string path, io::UniqueFd file)
      : path_(std::move(path)), file_(std::move(file)) {}

  Status Append(std::string_view text);

  const std::string path_;
  io::UniqueFd file_;  // invalid after a failure
  std::string lines_;  // not written yet
};

}  // namespace headrace::loader
