// hr_rmix_config, as hr_batch_rmix and hr_batch_rmix_model read it.
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

// Fills settings, which point into *lists, smoothing and occurrence. Null, or what is wrong.
const char* ReadRmixConfig(const hr_rmix_config& config, RmixLists* lists, loader::LeasedRmix* how);

}  // namespace headrace::capi
