// What of a pack is there already, and what has to go before the rest is made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/job.h"
#include "loader/pack/pack_job.h"

namespace headrace::loader {

// What: the shards of a folder, as this job has to treat them. Owner, thread: RunPack.
struct FoundPack {
  std::vector<bool> complete;       // of each shard of the plan: it is there as this job makes it
  std::vector<uint64_t> removable;  // the numbers of other tar files that are a pack's for sure
};

// Looks at every shard in the folder, and at every index. Without `job.force` an index of other
// settings is an error that shows both, and so is a tar with the name of a shard of the plan that
// no pack has written. Tar files that this job would neither replace nor remove are refused always:
// they would count as shards.
[[nodiscard]] bool FindComplete(const PackJob& job, const ShardPlan& plan,
                                const std::string& settings, const LogSink& log, FoundPack* found,
                                JobError* error);

// Removes, among the shards of this job's rank, what a killed job left and what is no part of the
// plan. With `job.force` also all that will be replaced, so that the folder never holds two packs:
// what a job leaves that is killed lacks samples, but has none of another pack.
[[nodiscard]] bool RemoveOld(const PackJob& job, const ShardPlan& plan, const FoundPack& found,
                             JobError* error);

}  // namespace headrace::loader
