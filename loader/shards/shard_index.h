// The index beside a tar shard (NAME.tar.hri): which samples it holds and where.
// docs/pack-format.md has the bytes. Written once, never changed in place, checked before use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace headrace::loader {

// One sample.
struct ShardRecord {
  uint64_t id = 0;      // of the source data set; in a plain shard its number there
  uint64_t offset = 0;  // of the picture's bytes in the shard
  uint64_t bytes = 0;
  uint64_t hash = 0;  // Hash64 of those bytes; 0: not known (plain shards)
  int32_t label = -1;
  uint32_t width = 0;  // stored; 0: not known
  uint32_t height = 0;
  bool restarts_trusted = false;  // Dataset::RestartsTrusted
  bool copied = false;            // the source's bytes, unchanged
  std::string name;               // path in the source data set; in a plain shard the member's name
};

// What holds for the whole shard.
struct ShardHeader {
  uint64_t tar_bytes = 0;
  uint64_t tar_mtime_ns = 0;  // plain shards: for which file it was made; 0: of any time
  uint64_t set_samples = 0;   // of the whole pack; 0: a plain shard
  uint64_t first_id = 0;      // records have ids from here on, without a gap
  std::string settings;       // how the pack was made, to go on only with the same; may be empty
  std::vector<std::string> classes;  // of the whole set; empty: labels are numbers only
};

// What: collects the records of one shard and gives the bytes of its index. Owner, thread: one.
class ShardIndexWriter {
 public:
  explicit ShardIndexWriter(ShardHeader header) : header_(std::move(header)) {}
  void Add(ShardRecord record) { records_.push_back(std::move(record)); }
  uint64_t records() const { return records_.size(); }
  // Header as given now (tar_bytes is known at the end).
  ShardHeader& header() { return header_; }
  std::string Finish() const;

 private:
  ShardHeader header_;
  std::vector<ShardRecord> records_;
};

}  // namespace headrace::loader
