// headrace pack: a data set to shards.
#pragma once

#include <cstdint>
#include <string>

#include "codecs/record_packer.h"
#include "loader/dataset.h"
#include "loader/job.h"
#include "loader/pack/shard_plan.h"

namespace headrace::loader {

struct PackJob {
  std::string folder;  // made if need be
  codecs::PackOptions packing;
  uint64_t shard_bytes = kShardBytesDefault;
  uint32_t workers = 0;  // 0: as many as CPUs this process may use
  uint32_t rank = 0;     // shard k is made by rank k mod world_size
  uint32_t world_size = 1;
  // Shards of other settings are replaced, not refused, and complete ones are gone through: damaged
  // ones are made again.
  bool force = false;
  // The source is whatever lies beneath its root, so that the pack must not.
  bool source_is_walked = false;
};

// Of this rank's shards.
struct PackReport {
  uint32_t workers = 0;
  uint64_t shards = 0;
  uint64_t shards_kept = 0;  // that were complete before
  uint64_t samples = 0;
  uint64_t samples_kept = 0;  // in those
  // Of the samples that were packed now:
  uint64_t encoded = 0;
  uint64_t copied = 0;   // as they were
  uint64_t damaged = 0;  // of them, those whose files are not sound: each has a note
  uint64_t source_bytes = 0;
  uint64_t record_bytes = 0;
  uint64_t pack_bytes = 0;  // shards and indexes
};

// Blocks. Goes on where an earlier run with the same settings ended.
[[nodiscard]] bool RunPack(const Dataset& dataset, const PackJob& job, const JobHooks& hooks,
                           PackReport* report, JobError* error);

}  // namespace headrace::loader
