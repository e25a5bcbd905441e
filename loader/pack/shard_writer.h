// ShardWriter: one shard of a pack and its index, from records in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "codecs/record_packer.h"
#include "io/atomic_file.h"
#include "loader/job.h"
#include "loader/shards/shard_index.h"

namespace headrace::loader {

// One sample as it goes into a shard.
struct PackSample {
  uint64_t id = 0;
  int64_t label = -1;
  std::string path;        // in the source data set
  std::string class_name;  // empty: none
};

// What: the tar first, then the index, each there whole or not at all; an index that was there goes
// before the tar does. So a shard is complete when its index is there.
// Owner, thread: one at a time. Cost: a buffer of 1 MiB and the index of one shard.
class ShardWriter {
 public:
  // `header`: all but tar_bytes. The shard is folder/NNNNNN.tar.
  [[nodiscard]] static bool Make(const std::string& folder, uint64_t shard, ShardHeader header,
                                 std::optional<ShardWriter>* writer, JobError* error);

  // The next sample.
  [[nodiscard]] bool Add(const PackSample& sample, const codecs::PackedRecord& record,
                         JobError* error);
  // After it the shard is complete. Failed, or never called: it is not, and nothing is left of it.
  [[nodiscard]] bool Finish(JobError* error);

  uint64_t tar_bytes() const { return end_; }
  uint64_t index_bytes() const { return index_bytes_; }

 private:
  ShardWriter(std::string folder, uint64_t shard, ShardHeader header, io::AtomicFile file);
  bool Member(const std::string& name, std::string_view bytes, JobError* error);
  bool Append(std::string_view bytes, JobError* error);
  bool Flush(JobError* error);

  std::string path_;
  std::string index_path_;
  ShardIndexWriter index_;
  io::AtomicFile file_;
  std::string buffer_;
  uint64_t end_ = 0;  // of what was appended
  uint64_t index_bytes_ = 0;
};

}  // namespace headrace::loader
