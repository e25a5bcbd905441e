// What a job reads: a data set named by a configuration file, or by its folder alone.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/log.h"
#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/job.h"

namespace headrace::loader {

// `path`: a configuration file; or a folder, of classes or (with .tar files directly in it) of
// shards, with everything else at its default. The hooks are called as in the job, with 0 samples.
[[nodiscard]] bool OpenSource(const std::string& path, std::span<const std::string> overrides,
                              const JobHooks& hooks, Config* config,
                              std::unique_ptr<Dataset>* dataset, JobError* error);

// The folder of a pack: `path` itself, or that of the configuration file.
[[nodiscard]] bool FindPackFolder(const std::string& path, std::span<const std::string> overrides,
                                  std::string* folder, JobError* error);

}  // namespace headrace::loader
