// R-Mix of a batch that the consumer holds, by maps that it has made.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "loader/mix/rmix.h"
#include "loader/pipeline/batch_store.h"

namespace headrace::loader {

struct LeasedRmix {
  RmixSettings settings;
  double label_smoothing = 0;
  uint32_t occurrence = 0;  // which of several entries of [[mix]] rmix it draws like
  SaliencyMaps2D maps;
  const uint8_t* quantile = nullptr;  // an index a sample, or null: drawn
};

struct LeasedRmixReport {
  uint32_t patches = 0;
  uint32_t mixed = 0;    // samples with a partner
  uint32_t uniform = 0;  // maps that say nothing, or have a number that is not finite
};

// Mixes the images in place and brings labels, lambda and partner up to date. On error the batch is
// as it was. Thread: the consumer's, also after the loader is closed. Allocates nothing but what
// targets grow by.
Status MixLeasedBatch(const LeasedRmix& how, BatchBuffer* buffer, LeasedRmixReport* report);

}  // namespace headrace::loader
