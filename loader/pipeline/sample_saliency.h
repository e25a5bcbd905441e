// SampleSaliency: the saliency of a sample for the R-Mix of its batch, as the sample comes by.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "loader/host_memory.h"
#include "loader/pipeline/shared.h"
#include "loader/sample_processor.h"

namespace headrace::loader {

// What: whether a batch will be an R-Mix is drawn from its number alone, so that each worker can
// estimate where its samples are salient while their pixels are in its cache, and keep a number a
// patch with the batch. Owner and thread: one worker. Cost: nothing is allocated after Make.
class SampleSaliency {
 public:
  // Null when no entry of [[mix]] asks for it.
  static Result<std::unique_ptr<SampleSaliency>> Make(PipelineShared* shared);
  // What Make takes.
  static uint64_t Bytes(const Mixer& mixer, SizePx size);

  // If the batch asks for it: of the finished picture of sample `id`, in row `row` of `buffer`.
  void Keep(BatchBuffer* buffer, uint32_t row, uint64_t id, const Recipe& recipe,
            const ProcessedPicture& picture);

 private:
  SampleSaliency(PipelineShared* shared, HostMemory memory)
      : shared_(*shared), memory_(std::move(memory)) {}

  PipelineShared& shared_;
  HostMemory memory_;  // a map, RGB of a picture that comes as planes, the estimator's scratch
};

}  // namespace headrace::loader
