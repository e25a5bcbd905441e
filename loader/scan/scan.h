// Scan: reads and decodes every sample of a data set, and says what is in it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/status.h"
#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/scan/sample_fact.h"

namespace headrace::loader {

struct ScanProgress {
  uint64_t samples = 0;
  uint64_t samples_done = 0;
  uint64_t bytes = 0;
  uint64_t bytes_done = 0;
};

struct ScanOptions {
  uint32_t workers = 0;  // 0: as many as CPUs this process may use
  // About ten times a second, on the thread that called; false cancels.
  std::function<bool(const ScanProgress&)> on_progress;
};

// Fills *facts, a row a sample, by threads of its own. Only an error that is no sample's ends it: a
// thread that does not start, no memory for the table. After a cancel the samples that were not
// reached have was_seen false. Blocks; throws bad_alloc.
Status ScanDataset(const Config& config, const Dataset& dataset, const ScanOptions& options,
                   std::vector<SampleFact>* facts, bool* cancelled);

}  // namespace headrace::loader
