// Which shards a configuration names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "loader/config_toml.h"

namespace headrace::loader {

// A shard as it was found.
struct ShardPlace {
  std::string path;       // as named, for messages and the order
  std::string real_path;  // absolute, without links
  uint64_t bytes = 0;
  int64_t mtime_ns = 0;
};

// The shards that `names` stand for, in byte order of their paths. A name is a file, a folder (all
// *.tar in it), or a pattern of glob(3) with brace ranges and lists as in a shell:
// "train-{000000..000146}.tar". A file whose name looks like a pattern is that file. Refuses what
// is not there, and a shard that is named twice.
[[nodiscard]] bool FindShards(std::span<const std::string> names, std::vector<ShardPlace>* shards,
                              ConfigError* error);

// `pattern` with its braces resolved; text in braces that is no range and no list stays. False:
// more than a million names.
[[nodiscard]] bool ExpandBraces(const std::string& pattern, std::vector<std::string>* names);

// The deepest folder above all of them. Never ends in "/" but for the root.
std::string CommonFolder(std::span<const ShardPlace> shards);

}  // namespace headrace::loader
