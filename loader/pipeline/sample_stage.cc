#include "loader/pipeline/sample_stage.h"

#include <algorithm>
#include <new>

#include "base/clock.h"

namespace headrace::loader {

Result<std::unique_ptr<SampleStage>> SampleStage::Make(PipelineShared* shared,
                                                       BatchAssembler* assembler, uint32_t worker) {
  std::unique_ptr<SampleStage> made(new SampleStage(shared, assembler, worker));
  HR_ASSIGN_OR_RETURN(
      made->processor_,
      SampleProcessor::Make(shared->config.limits, ProcessOptionsOf(shared->config.decode),
                            shared->augment, shared->plan.scratch_bytes_each,
                            shared->big_decoded.get()));
  HR_ASSIGN_OR_RETURN(made->saliency_, SampleSaliency::Make(shared));
  if (shared->checkpoints != nullptr) {
    HR_ASSIGN_OR_RETURN(made->record_room_,
                        HostMemory::Map(kRecordBytesMax, HostMemory::Pages::kSmall));
  }
  return made;
}

void SampleStage::Run(uint32_t lane_index) {
  Lane& lane = shared_.lanes[lane_index];
  const SampleTicket ticket = lane.ticket;
  if (shared_.IsStale(ticket.generation)) {
    assembler_.Drop(lane_index);
    return;
  }
  const uint64_t id = lane.id;
  Status status;
  try {
    status = Fill(lane);
  } catch (const std::bad_alloc&) {
    // What the objects of a sample take is its file's doing. It must not end the process.
    status = {Code::kOutOfMemory, "no memory for the sample or its objects"};
  }
  if (!status.ok() && !lane.part.is_whole()) {
    // What becomes of the sample is for the whole of it to say.
    Add(shared_.counters.partial_fallbacks, 1);
    lane.whole = true;
    shared_.PushRetry(lane_index);
    return;
  }
  if (!status.ok()) {
    assembler_.HandleBad(lane_index, status);
    return;
  }
  const int64_t label = processor_->recipe().label;
  // The lane first: the read stage may fill it again while the batch is counted.
  shared_.ReleaseLane(lane_index);
  assembler_.CommitGood(ticket, id, label);
}

Status SampleStage::Fill(const Lane& lane) {
  const SampleTicket& ticket = lane.ticket;
  const uint64_t id = lane.id;
  const SampleKey key{.seed = shared_.config.loader.seed,
                      .epoch = ticket.epoch,
                      .id = id,
                      .label = shared_.dataset.Label(id)};
  BatchBuffer& buffer = shared_.store->at(ticket.buffer);
  codecs::DecodeCheckpoints checkpoints;
  checkpoints.record = lane.record;
  checkpoints.part = lane.part;
  checkpoints.restarts_trusted = shared_.dataset.RestartsTrusted(id);
  // Beside restart markers that may be used, a record would not pay.
  const bool wants_record = shared_.checkpoints != nullptr && lane.record.empty() &&
                            !checkpoints.restarts_trusted && shared_.checkpoints->Wants(id);
  if (wants_record) {
    const uint64_t room =
        std::min<uint64_t>(RecordBytesMax(lane.encoded.size()), record_room_.bytes());
    checkpoints.room = record_room_.span().first(room);
  }
  FollowedObjects* objects = nullptr;
  if (shared_.dataset.has_objects()) {
    objects = &objects_;
    HR_TRY(shared_.dataset.Objects(id, &objects_.list));
  }
  ProcessTiming timing;
  uint64_t convert_ns = 0;
  const auto convert = [&](uint32_t view, const ProcessedPicture& picture) {
    const int64_t begin = NowNs();
    picture.ConvertTo(shared_.convert, shared_.store->SampleAt(buffer, view, ticket.index));
    if (shared_.convert_pixels != nullptr) {
      picture.ConvertTo(*shared_.convert_pixels, shared_.store->PixelsAt(buffer, ticket.index));
    }
    convert_ns += static_cast<uint64_t>(NowNs() - begin);
    // Views are mixed alike, by what the first one shows.
    if (saliency_ != nullptr && view == 0) {
      saliency_->Keep(&buffer, ticket.index, id, processor_->recipe(), picture);
    }
  };
  const Status status = processor_->Process(lane.encoded, key, shared_.augment.views(),
                                            &checkpoints, objects, &timing, convert);
  KeepCheckpoints(id, checkpoints);
  Counters& counters = shared_.counters;
  Add(counters.decode_ns, timing.decode_ns);
  Add(counters.entropy_ns, timing.entropy_ns);
  Add(counters.idct_ns, timing.idct_ns);
  Add(counters.resize_ns, timing.augment.resize_ns);
  Add(counters.ops_ns, timing.augment.ops_ns);
  Add(counters.colour_ns, timing.colour_ns + convert_ns);
  if (const uint64_t count = timing.augment.counts.object_zoom_fallbacks; count > 0) {
    Add(counters.object_zoom_fallbacks, count);
  }
  if (processor_->report().extraneous > 0) Add(counters.extraneous, 1);
  HR_TRY(status);
  if (objects != nullptr) {
    const int64_t begin = NowNs();
    target_maker_.Make(objects->list, &buffer.targets.row(ticket.index));
    Add(counters.ops_ns, static_cast<uint64_t>(NowNs() - begin));
  }
  return {};
}

void SampleStage::KeepCheckpoints(uint64_t id, const codecs::DecodeCheckpoints& checkpoints) {
  if (shared_.checkpoints == nullptr) return;
  if (checkpoints.rejected) shared_.checkpoints->Reject(id);
  if (checkpoints.made_bytes > 0) {
    shared_.checkpoints->Add(worker_, id, checkpoints.room.first(checkpoints.made_bytes));
  }
}

void SampleStage::Flush() {
  if (shared_.checkpoints != nullptr) shared_.checkpoints->Flush(worker_);
}

}  // namespace headrace::loader
