// A folder of images: class = first folder beneath the root, id = rank of the relative path.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"
#include "loader/file_table.h"

namespace headrace::loader {

// What: the listing of a folder, taken once at open and sorted by relative path in byte order.
// Takes .jpg .jpeg .jpe .png .webp and names without an extension, in any case; hidden names and
// files that lie directly in the root are passed over (the log says how many).
// Cost: a path, a size, a time and a label a sample.
class FolderDataset final : public Dataset {
 public:
  // `classes` empty: every folder beneath the root, in byte order; else these, in this order.
  [[nodiscard]] static bool Open(const std::string& root, const std::vector<std::string>& classes,
                                 const LogSink& log, std::unique_ptr<Dataset>* dataset,
                                 ConfigError* error);

  uint64_t size() const override { return files_.size(); }
  Extent Locate(uint64_t id) const override { return files_.Locate(id); }
  int64_t Label(uint64_t id) const override { return files_.Label(id); }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override;

 private:
  std::string root_;
  std::vector<std::string> classes_;
  FileTable files_;
};

}  // namespace headrace::loader
