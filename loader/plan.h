// The plan: every count and byte of a loader, summed before the first thread starts.
#pragma once

#include <cstdint>

#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"
#include "loader/mix/batch_mix.h"
#include "loader/pipeline/sample_cache.h"

namespace headrace::loader {

struct Plan {
  uint32_t workers = 0;
  uint32_t batch_buffers = 0;      // made at open
  uint32_t batch_buffers_max = 0;  // with those that `next` may still take
  uint32_t lanes = 0;
  // In flight: a lane's file, and beside it its checkpoints or a second part.
  uint32_t reads_max = 0;
  uint32_t mix_bands = 0;       // pieces that a batch to mix is cut into
  uint64_t scratch_pixels = 0;  // limits.scratch_pixels, or fewer to stay within max_host_bytes
  uint64_t lane_bytes_each = 0;
  uint64_t batch_buffer_bytes_each = 0;
  uint64_t scratch_bytes_each = 0;  // of one worker
  uint64_t target_bytes_each = 0;   // of one batch, about: they grow to what batches have
  uint64_t big_encoded_bytes = 0;
  uint64_t big_decoded_bytes = 0;
  uint64_t order_bytes = 0;     // of what an epoch is made of, where it is not every sample once
  SampleCachePlan cache;        // nothing unless loader.cache asks for it
  uint64_t consumer_bytes = 0;  // what the caller's thread needs to run the user's model

  // The sum, term by term (hr_memory has the same).
  uint64_t batch_bytes = 0;
  uint64_t lane_bytes = 0;
  uint64_t scratch_bytes = 0;
  uint64_t big_image_bytes = 0;
  uint64_t index_bytes = 0;
  uint64_t other_bytes = 0;
  uint64_t cache_bytes = 0;
  uint64_t total_bytes = 0;

  uint64_t jpeg_bytes_max = 0;  // apart: limits.jpeg_memory x workers
};

// What mixing takes beside the batch buffers.
struct MixBytes {
  uint64_t band_scratch = 0;    // a worker's, between samples
  uint64_t sample_scratch = 0;  // a worker's, for the saliency of a sample
  uint64_t batch = 0;           // a batch's, for its draws and masks
  uint64_t maps = 0;            // the data set's saliency maps
};

// Where the arrays of a batch lie in its buffer; images come first.
struct BatchLayout {
  uint64_t pixels = 0;  // with keep_u8; 0, the images themselves, where they are the same
  uint64_t labels = 0;
  uint64_t ids = 0;
  uint64_t soft = 0;
  uint64_t lambda = 0;
  uint64_t partner = 0;
  uint64_t valid = 0;
  uint64_t bytes = 0;
};
BatchLayout LayOutBatch(const BatchShape& shape, bool soft_labels);

// The CPUs that this process may use.
uint32_t AllowedCpus();
// The machine's memory.
uint64_t MachineBytes();

// `order_bytes`: what is kept of the samples that an epoch is made of, beside the data set.
// Fails with kOverBudget, saying how much is needed, when the sum passes loader.max_host_bytes.
// Before it fails it takes smaller scratch and, with workers = 0, fewer workers.
[[nodiscard]] bool MakePlan(const Config& config, const Dataset& dataset, const BatchShape& shape,
                            bool soft_labels, const MixBytes& mix, Plan* plan, ConfigError* error,
                            uint64_t order_bytes = 0);

}  // namespace headrace::loader
