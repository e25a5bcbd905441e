// SampleStage: one lane's encoded bytes to pixels in their slot of the batch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "loader/pipeline/batch_assembler.h"
#include "loader/pipeline/shared.h"
#include "loader/sample_processor.h"

namespace headrace::loader {

// What: decode and augment in one go, so that the pixels stay in this core's cache; the last step
// converts straight into the batch slot. Owner and thread: one worker. Cost: nothing is allocated
// but inside libjpeg-turbo.
class SampleStage {
 public:
  static Result<std::unique_ptr<SampleStage>> Make(PipelineShared* shared,
                                                   BatchAssembler* assembler);

  void Run(uint32_t lane_index);
  std::span<std::byte> scratch() const { return processor_->scratch(); }

 private:
  SampleStage(PipelineShared* shared, BatchAssembler* assembler)
      : shared_(*shared), assembler_(*assembler) {}

  PipelineShared& shared_;
  BatchAssembler& assembler_;
  std::unique_ptr<SampleProcessor> processor_;
};

}  // namespace headrace::loader
