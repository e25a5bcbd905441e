// Opens the shards of a set: by their indexes, or by reading them where there is none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/file.h"
#include "loader/config_toml.h"
#include "loader/shards/shard_index.h"
#include "loader/shards/shard_list.h"
#include "loader/shards/shard_scan.h"

namespace headrace::loader {

// One sample, as it is kept in memory.
struct ShardRow {
  uint64_t offset = 0;
  uint64_t bytes : 63 = 0;
  uint64_t restarts_trusted : 1 = 0;
  int32_t label = -1;
  uint32_t record = 0;  // its number in the shard
};
static_assert(sizeof(ShardRow) == 24);

// How its index was come by.
enum class IndexFrom : uint8_t { kFile, kNone, kStale, kDamaged };

// A shard that was opened, and what its index says.
struct OpenShard {
  std::string path;  // as named
  std::string real_path;
  int64_t mtime_ns = 0;
  io::UniqueFd file;  // none: opened for each read
  ShardHeader header;
  uint64_t records_hash = 0;
  uint64_t header_hash = 0;  // of an index that is a file: names are read from it later
  std::vector<ShardRow> rows;
  // By record: which of their bytes rows of the pictures lie in. Empty: nothing is known.
  std::vector<codecs::RecordBands> bands;
  std::string bands_problem;  // why they are empty, though the index has them
  IndexFrom from = IndexFrom::kFile;
  std::string index_problem;  // why its file was not used
  // Unless the index is a file: the names, end to end, and where each ends.
  std::string names;
  std::vector<uint32_t> name_ends;
  ShardScanCounts counts;
};

// What is known of rows is left out for all shards when it would take more.
inline constexpr uint64_t kBandsBytesMax = uint64_t{256} << 20;

// All of `places`, in parallel over them; what takes long is told to `log` every other second, and
// to the thread's OpenWatch. At most `files_held` stay open.
[[nodiscard]] bool OpenShards(std::span<const ShardPlace> places, uint64_t files_held,
                              const LogSink& log, std::vector<OpenShard>* shards,
                              ConfigError* error);

// Whether `index` is that of the shard as it is: kOk, or kFileChanged.
Status CheckFresh(const ShardIndex& index, const ShardPlace& place);

// Scans a shard that is open for reading: the bytes of its index. `with_hashes`: if it is a pack's,
// its records are read through for their checksums.
[[nodiscard]] bool MakeShardIndex(int file, const ShardPlace& place,
                                  std::atomic<uint64_t>* done_bytes, const std::atomic<bool>* stop,
                                  bool with_hashes, std::string* bytes, ShardScanCounts* counts,
                                  ConfigError* error);

}  // namespace headrace::loader
