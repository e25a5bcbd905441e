// hr_rmix_config and hr_rmix_report, as hr_batch_rmix and hr_batch_rmix_model take them.
#pragma once

#include <headrace.h>

#include <array>
#include <cstdint>

#include "loader/pipeline/leased_rmix.h"

namespace headrace::capi {

// The lists of a configuration, without memory of the heap: it is read once a batch.
struct RmixLists {
  std::array<uint32_t, loader::kRmixPatchesMax> patches;
  std::array<float, loader::kRmixQuantilesMax> quantiles;
};

// Fills settings, which point into *lists, smoothing and occurrence; NULL stands for the defaults.
// Null, or what is wrong.
const char* ReadRmixConfig(const hr_rmix_config* config, RmixLists* lists, loader::LeasedRmix* how);

// What a mix came to; nothing without a report.
hr_status FillRmixReport(hr_rmix_report* report, const loader::LeasedRmixReport& made,
                         uint64_t library_ns, uint64_t model_ns, hr_error* error);

}  // namespace headrace::capi
