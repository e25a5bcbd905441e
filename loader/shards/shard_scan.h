// What a shard without an index holds: reads the archive from end to end.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "loader/config_toml.h"
#include "loader/shards/shard_index.h"

namespace headrace::loader {

// What was not taken, for warnings.
struct ShardScanCounts {
  uint64_t passed_over = 0;      // members that are no regular files
  uint64_t without_picture = 0;  // keys that have no picture
  std::string no_picture_key;    // the first of them
  // Pictures whose key another has, which no rule prefers: perhaps samples of their own.
  uint64_t same_key = 0;
  std::string same_key_name;    // the first of them
  uint64_t beside_picture = 0;  // pictures with more in their names than the one that counts
  uint64_t bad_json = 0;        // texts that are no JSON, where a label was looked for
  std::string bad_json_name;    // the first of them
  bool no_end_mark = false;     // the archive may have been cut off between two members
  uint64_t name_clashes = 0;    // samples that name the number of a class otherwise than before
  std::string name_clash;       // of the first, what it says
  // Perhaps archives that were joined end to end: nobody sees the next.
  bool data_behind_end = false;
};

// Whether a member is a picture by its name, which ends in .jpg .jpeg .jpe .png .webp .hrc in any
// case.
bool IsPictureName(std::string_view name);
// A member's key: its name up to the first dot of the last part of the path. Empty: it has none, as
// hidden files and names without a dot have none.
std::string_view KeyOf(std::string_view name);

// Groups the members of the archive by their keys, as WebDataset does: members that follow each
// other with one key are one sample. Of several pictures the first counts whose name has nothing
// between the key and its extension ("k.jpg", not "k.depth.jpg"), else the first. `file` is open
// for reading and stays so. The header has everything that the archive tells; `path` is for
// messages. `done_bytes` grows with the place in the archive; `stop` ends it early, with kStopped.
[[nodiscard]] bool ScanShard(int file, uint64_t file_bytes, uint64_t mtime_ns,
                             const std::string& path, std::atomic<uint64_t>* done_bytes,
                             const std::atomic<bool>* stop, ShardIndexWriter* index,
                             ShardScanCounts* counts, ConfigError* error);

}  // namespace headrace::loader
