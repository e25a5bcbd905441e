// BatchAssembler: counts samples into their batch, mixes the full batch, delivers it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/pipeline/shared.h"

namespace headrace::loader {

// What: the last stage, a place rather than a thread: it runs on whichever thread brings the last
// sample of a batch or takes a band to mix. Owner: the loader. Thread: any.
// Cost: an atomic operation a sample; nothing is allocated.
class BatchAssembler {
 public:
  explicit BatchAssembler(PipelineShared* shared) : shared_(*shared) {}

  // The sample of `ticket` is in its slot with this outcome.
  void CommitGood(const SampleTicket& ticket, uint64_t id, int64_t label);
  // The lane's slot will not be filled: its batch belongs to an old generation. Gives the lane
  // back.
  void Drop(uint32_t lane_index);
  // The same for `count` slots of a batch that no lane was taken for.
  void DropRest(uint32_t buffer, uint32_t count);

  // The lane's sample could not be read or decoded: a substitute is read in its place, or its slot
  // is marked. Gives the lane on or back.
  void HandleBad(uint32_t lane_index, const Status& status);

  // Mixes one band; `scratch` is the worker's.
  void RunMix(const MixTask& task, std::span<std::byte> scratch);

 private:
  // Nobody will take batches of this generation; their slots may hold anything.
  bool IsDropped(uint32_t generation) const {
    return shared_.IsStale(generation) || shared_.stop.Requested();
  }
  // No sample: zero pixels, valid 0, its own id and label.
  void CommitMarked(const SampleTicket& ticket);
  void Arrive(uint32_t buffer);
  void Finish(BatchBuffer* buffer);
  void FinishRows(BatchBuffer* buffer);
  void Deliver(BatchBuffer* buffer);
  // The rows of the data set, before any mixing.
  void FillLabelRows(const BatchBuffer& buffer) const;
  void WarnEqualLabels(const BatchBuffer& buffer);

  PipelineShared& shared_;
};

}  // namespace headrace::loader
