// Pictures with objects: an annotation file of COCO's form, or a folder of label masks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"
#include "loader/file_table.h"
#include "loader/objects/object_index.h"
#include "loader/objects/object_set.h"

namespace headrace::loader {

// What: pictures sorted by path in byte order, and their objects, read once at open.
// Cost: a path, a size, a time and a label a sample, and the ObjectIndex. Objects is linear in what
// the sample has.
class CocoDataset final : public Dataset {
 public:
  // By config.annotations, config.masks, or an annotation file found at config.path.
  [[nodiscard]] static bool Open(const DatasetConfig& config, const Limits& limits,
                                 const LogSink& log, std::unique_ptr<Dataset>* dataset,
                                 ConfigError* error);

  explicit CocoDataset(ObjectSet set);

  uint64_t size() const override { return files_.size(); }
  Extent Locate(uint64_t id) const override { return files_.Locate(id); }
  int64_t Label(uint64_t id) const override { return files_.Label(id); }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override;
  bool has_objects() const override { return true; }
  uint64_t ObjectCount() const override { return objects_.object_count(); }
  uint64_t ObjectsMax() const override { return objects_.ObjectsMax(); }
  uint64_t ObjectListBytesMax() const override { return objects_.ListBytesMax(); }
  Status Objects(uint64_t id, ObjectList* list) const override;

 private:
  std::string root_;
  std::vector<std::string> classes_;
  FileTable files_;
  ObjectIndex objects_;
  std::vector<std::pair<uint64_t, std::string>> faults_;  // of samples, ascending
};

}  // namespace headrace::loader
