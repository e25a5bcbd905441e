// Which samples go into which shard, and the text that says how a pack was made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codecs/record_packer.h"
#include "loader/dataset.h"
#include "loader/job.h"

namespace headrace::loader {

inline constexpr uint64_t kShardBytesDefault = uint64_t{256} << 20;
inline constexpr uint64_t kShardsMax = 1'000'000;  // six digits
// Of small files: what is known of a shard while it is made stays small.
inline constexpr uint64_t kShardSamplesMax = uint64_t{1} << 20;

// The ids of each shard. They follow from the sizes of the source's files alone, so that any number
// of workers and ranks makes the same shards.
struct ShardPlan {
  std::vector<uint64_t> begin;  // shard k: ids from begin[k] to begin[k + 1]; one more than shards

  uint64_t shards() const { return begin.size() - 1; }
};

// A shard ends before the file that would take it past `shard_bytes`.
[[nodiscard]] bool PlanShards(const Dataset& dataset, uint64_t shard_bytes, ShardPlan* plan,
                              JobError* error);

// One line, kept in each shard's index: two packs with the same text are the same bytes. Any text
// when the opening was ended meanwhile (OpenWatch).
std::string SettingsText(const Dataset& dataset, const codecs::PackOptions& options,
                         uint64_t shard_bytes);

}  // namespace headrace::loader
