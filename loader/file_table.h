// The files of a data set: one row a sample.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/dataset.h"

namespace headrace::loader {

// What: where each sample lies and its label, in the order in which they were added. Owner: a data
// set, which fills it at open; then any thread. Cost: the bytes of a path and a row; Locate and
// Label are lookups.
class FileTable {
 public:
  void Reserve(uint64_t files) { rows_.reserve(files); }
  void Add(const std::string& path, uint64_t bytes, int64_t mtime_ns, int32_t label) {
    rows_.push_back({paths_.size(), bytes, mtime_ns, label});
    paths_.insert(paths_.end(), path.c_str(), path.c_str() + path.size() + 1);
  }
  // No more are added.
  void Finish() { paths_.shrink_to_fit(); }

  uint64_t size() const { return rows_.size(); }
  Extent Locate(uint64_t id) const {
    const Row& row = rows_[id];
    return {.path = paths_.data() + row.path,
            .offset = 0,
            .bytes = row.bytes,
            .whole_file = true,
            .mtime_ns = row.mtime_ns};
  }
  int64_t Label(uint64_t id) const { return rows_[id].label; }
  uint64_t bytes() const { return paths_.capacity() + rows_.capacity() * sizeof(Row); }

 private:
  struct Row {
    uint64_t path = 0;  // offset in paths_
    uint64_t bytes = 0;
    int64_t mtime_ns = 0;
    int32_t label = 0;
  };

  std::vector<char> paths_;  // NUL-terminated, end to end
  std::vector<Row> rows_;
};

}  // namespace headrace::loader
