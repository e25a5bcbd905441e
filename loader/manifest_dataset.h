// Pictures and labels that a text file lists: source = "manifest".
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"
#include "loader/file_table.h"
#include "loader/manifest/manifest_labels.h"

namespace headrace::loader {

// What: the samples of a manifest, in its order: id 0 is the first line that names one. A picture
// that is named twice is two samples. Cost: a path, a size, a time and a label a sample; open asks
// the file system for each.
class ManifestDataset final : public Dataset {
 public:
  // config.path is the manifest, and its folder is the root; or config.annotations is the manifest
  // and config.path the root. Fails when a picture is not there.
  [[nodiscard]] static bool Open(const DatasetConfig& config, std::unique_ptr<Dataset>* dataset,
                                 ConfigError* error);

  uint64_t size() const override { return files_.size(); }
  Extent Locate(uint64_t id) const override { return files_.Locate(id); }
  int64_t Label(uint64_t id) const override { return files_.Label(id); }
  const std::vector<std::string>& classes() const override { return labels_.classes(); }
  bool has_label_rows() const override { return labels_.has_rows(); }
  void FillLabelRow(uint64_t id, std::span<float> row) const override { labels_.FillRow(id, row); }
  uint64_t HashLabelRow(uint64_t id, uint64_t seed) const override {
    return labels_.HashRow(id, seed);
  }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return files_.bytes() + labels_.bytes(); }

 private:
  std::string root_;
  FileTable files_;
  ManifestLabels labels_;
};

}  // namespace headrace::loader
