// What of a pack is there already, and what has to go before the rest is made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/pack/job.h"
#include "loader/pack/pack_job.h"

namespace headrace::loader {

// Looks at every index in the folder: one of other settings is an error that shows both, unless
// `job.force`. *complete: of each shard of the plan, whether it is there as this job would make it.
// A folder with other tar files is refused: they would count as shards.
[[nodiscard]] bool FindComplete(const PackJob& job, const ShardPlan& plan,
                                const std::string& settings, const LogSink& log,
                                std::vector<bool>* complete, JobError* error);

// Removes, among the shards of this job's rank, what a killed job left and what is no part of the
// plan.
[[nodiscard]] bool RemoveOld(const PackJob& job, const ShardPlan& plan, JobError* error);

}  // namespace headrace::loader
