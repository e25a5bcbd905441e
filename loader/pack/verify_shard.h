// One shard of a pack, looked at byte by byte.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "loader/job.h"
#include "loader/pack/pack_shards.h"

namespace headrace::loader {

struct ShardCheck {
  // A sample (or the file: id -1) that is not as it should be.
  std::function<void(SampleNote)> bad;
  // After each sample, with the bytes read. False: the rest is not looked at.
  std::function<bool(uint64_t bytes)> done;
};

// What the shard is a part of.
struct ShardsPack {
  const std::string& folder;
  const std::vector<std::string>& classes;
  uint64_t samples = 0;
};

// The shard is what its index says: every header, record, label, text and filling in its place, and
// nothing else.
void VerifyShard(const ShardsPack& pack, const PackShards::Shard& shard, const ShardCheck& check);

}  // namespace headrace::loader
