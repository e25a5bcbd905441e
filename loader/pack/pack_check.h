// What of a pack that is there already has been damaged since it was made.
#pragma once

#include <string>
#include <vector>

#include "loader/job.h"
#include "loader/pack/pack_job.h"
#include "loader/pack/pack_resume.h"

namespace headrace::loader {

// Goes through the complete shards of this job's rank as VerifyShard does; those that are not what
// their indexes say are complete no more, and a warning names them. False, and nothing is dropped,
// if one cannot be read. Blocks. Cost: reads all of their bytes, with the workers of the job.
[[nodiscard]] bool DropDamaged(const PackJob& job, const ShardPlan& plan,
                               const std::vector<std::string>& classes, const JobHooks& hooks,
                               FoundPack* found, JobError* error);

}  // namespace headrace::loader
