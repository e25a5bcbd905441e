// Scan: reads and decodes every sample of a data set, and says what is in it.
#pragma once

#include <cstdint>
#include <vector>

#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/job.h"
#include "loader/scan/sample_fact.h"

namespace headrace::loader {

// Fills *facts, a row a sample, on `workers` threads (0: as many as CPUs this process may use).
// False, with *error: only for what is no sample's, a thread that does not start or no memory for
// the table. When hooks.progress ends it, that is no error: *cancelled is true if samples were not
// reached, which have was_seen false. Blocks; throws bad_alloc.
[[nodiscard]] bool ScanDataset(const Config& config, const Dataset& dataset, uint32_t workers,
                               const JobHooks& hooks, std::vector<SampleFact>* facts,
                               bool* cancelled, JobError* error);

}  // namespace headrace::loader
