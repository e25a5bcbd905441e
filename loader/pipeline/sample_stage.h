// SampleStage: one lane's encoded bytes to pixels in their slot of the batch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "loader/host_memory.h"
#include "loader/pipeline/batch_assembler.h"
#include "loader/pipeline/sample_saliency.h"
#include "loader/pipeline/shared.h"
#include "loader/sample_processor.h"

namespace headrace::loader {

// What: decode and augment in one go, so that the pixels stay in this core's cache; the last step
// converts straight into the batch slot. Owner and thread: one worker. Cost: nothing is allocated
// but inside libjpeg-turbo and by what lists of objects still grow; where that finds no memory the
// sample is a bad one.
class SampleStage {
 public:
  // `worker`: its number, from 0.
  static Result<std::unique_ptr<SampleStage>> Make(PipelineShared* shared,
                                                   BatchAssembler* assembler, uint32_t worker);

  void Run(uint32_t lane_index);
  // Before its thread waits: what it has noted may be of use to others.
  void Flush();
  std::span<std::byte> scratch() const { return processor_->scratch(); }

 private:
  SampleStage(PipelineShared* shared, BatchAssembler* assembler, uint32_t worker)
      : shared_(*shared), assembler_(*assembler), worker_(worker) {}

  // Pixels and targets of the lane's sample into its slot; throws bad_alloc.
  Status Fill(const Lane& lane);
  // Keeps the checkpoints that the decode of sample `id` made, and forgets those that were wrong.
  void KeepCheckpoints(uint64_t id, const codecs::DecodeCheckpoints& checkpoints);

  PipelineShared& shared_;
  BatchAssembler& assembler_;
  const uint32_t worker_;
  HostMemory record_room_;  // for one record; none without an index
  std::unique_ptr<SampleProcessor> processor_;
  std::unique_ptr<SampleSaliency> saliency_;  // null: no mix asks for it
  FollowedObjects objects_;                   // of the sample at hand, if the data set knows any
  TargetMaker target_maker_;
};

}  // namespace headrace::loader
