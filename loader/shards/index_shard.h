// Writes the index beside a shard.
#pragma once

#include <cstdint>
#include <string>

#include "loader/config_toml.h"

namespace headrace::loader {

struct IndexShardReport {
  bool written = false;  // else the index beside it was good, and stays
  uint64_t samples = 0;
  uint64_t classes = 0;
  uint64_t index_bytes = 0;
  uint64_t shard_bytes = 0;
  uint64_t without_label = 0;
  // Known of a shard that was read.
  uint64_t without_picture = 0;
  uint64_t passed_over = 0;
  uint64_t same_key = 0;
  uint64_t name_clashes = 0;
  bool data_behind_end = false;
};

// Makes PATH.hri: whole or not at all. One that is there and fits the shard is kept, unless
// `force`; that of a pack is always kept, since it says more than the shard does. Any thread, whose
// OpenWatch can end it.
[[nodiscard]] bool IndexShard(const std::string& path, bool force, IndexShardReport* report,
                              ConfigError* error);

}  // namespace headrace::loader
