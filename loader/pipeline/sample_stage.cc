#include "loader/pipeline/sample_stage.h"

#include "base/clock.h"

namespace headrace::loader {

Result<std::unique_ptr<SampleStage>> SampleStage::Make(PipelineShared* shared,
                                                       BatchAssembler* assembler) {
  std::unique_ptr<SampleStage> made(new SampleStage(shared, assembler));
  HR_ASSIGN_OR_RETURN(
      made->processor_,
      SampleProcessor::Make(shared->config.limits, DecodeOptionsOf(shared->config.decode),
                            shared->augment, shared->plan.scratch_bytes_each,
                            shared->big_decoded.get()));
  return made;
}

void SampleStage::Run(uint32_t lane_index) {
  const Lane& lane = shared_.lanes[lane_index];
  const SampleTicket ticket = lane.ticket;
  if (shared_.IsStale(ticket.generation)) {
    assembler_.Drop(lane_index);
    return;
  }
  const uint64_t id = lane.id;
  const SampleKey key{.seed = shared_.config.loader.seed,
                      .epoch = ticket.epoch,
                      .id = id,
                      .label = shared_.dataset.Label(id)};
  std::byte* slot = shared_.store->at(ticket.buffer).images +
                    ticket.index * shared_.store->shape().sample_bytes();
  ProcessTiming timing;
  int64_t colour_ns = 0;
  const Status status = processor_->Process(
      lane.encoded, key, &timing, [&](const ConstImageView& pixels, simd::FlipColumns flip) {
        const int64_t begin = NowNs();
        simd::Convert(pixels, flip, shared_.convert, slot);
        colour_ns = NowNs() - begin;
      });
  Counters& counters = shared_.counters;
  Add(counters.decode_ns, timing.decode_ns);
  Add(counters.resize_ns, timing.augment.resize_ns);
  Add(counters.ops_ns, timing.augment.ops_ns);
  Add(counters.colour_ns, static_cast<uint64_t>(colour_ns));
  if (processor_->report().extraneous > 0) Add(counters.extraneous, 1);
  if (!status.ok()) {
    assembler_.HandleBad(lane_index, status);
    return;
  }
  const int64_t label = processor_->recipe().label;
  // The lane first: the read stage may fill it again while the batch is counted.
  shared_.ReleaseLane(lane_index);
  assembler_.CommitGood(ticket, id, label);
}

}  // namespace headrace::loader
