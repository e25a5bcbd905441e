// Shards opened a second time, to be read past the page cache.
#pragma once

#include <cstdint>
#include <vector>

#include "io/file.h"
#include "loader/dataset.h"

namespace headrace::loader {

// An extent, widened to blocks.
struct DirectRange {
  int file = -1;        // -1: read it as always
  uint64_t offset = 0;  // a multiple of the block
  uint32_t skip = 0;    // bytes before the extent
  uint32_t beyond = 0;  // bytes behind it, up to the block's end
};

// What: a descriptor with O_DIRECT for each run of a data set whose samples are ranges of files.
// Owner: the loader; outlives the reader. Thread: any, after Open. Cost: a descriptor a shard; Find
// is a search over the shards.
class DirectFiles {
 public:
  // What offsets, lengths and memory are multiples of: no file system in use asks for more.
  static constexpr uint64_t kBlockBytes = 4096;

  // Opens them all or, when one cannot be or they are more than io::FilesToHold, none: then
  // usable() is false and why_not() says why.
  static DirectFiles Open(const Dataset& dataset);

  bool usable() const { return !files_.empty(); }
  const char* why_not() const { return why_not_; }

  DirectRange Find(uint64_t id, const Extent& extent) const;

 private:
  std::vector<io::UniqueFd> files_;  // by run
  std::vector<uint64_t> begins_;     // of the runs, in ids
  const char* why_not_ = "";
};

}  // namespace headrace::loader
