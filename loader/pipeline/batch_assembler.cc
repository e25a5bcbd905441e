#include "loader/pipeline/batch_assembler.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"

namespace headrace::loader {

void BatchAssembler::CommitGood(const SampleTicket& ticket, uint64_t id, int64_t label) {
  BatchBuffer& buffer = shared_.store->at(ticket.buffer);
  buffer.ids[ticket.index] = static_cast<int64_t>(id);
  buffer.labels[ticket.index] = label;
  const bool own = id == ticket.id;
  buffer.valid[ticket.index] = own ? 1 : 2;
  if (!own) Add(shared_.counters.substituted, 1);
  Add(shared_.counters.samples, 1);
  Arrive(ticket.buffer);
}

void BatchAssembler::CommitMarked(const SampleTicket& ticket) {
  BatchBuffer& buffer = shared_.store->at(ticket.buffer);
  shared_.store->ClearSample(buffer, ticket.index);
  buffer.ids[ticket.index] = static_cast<int64_t>(ticket.id);
  buffer.labels[ticket.index] = shared_.dataset.Label(ticket.id);
  if (shared_.store->has_targets()) buffer.targets.row(ticket.index).Clear();
  buffer.valid[ticket.index] = 0;
  Add(shared_.counters.marked, 1);
  Add(shared_.counters.samples, 1);
  Arrive(ticket.buffer);
}

void BatchAssembler::Drop(uint32_t lane_index) {
  Arrive(shared_.lanes[lane_index].ticket.buffer);
  shared_.ReleaseLane(lane_index);
}

void BatchAssembler::DropRest(uint32_t buffer, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) Arrive(buffer);
}

void BatchAssembler::HandleBad(uint32_t lane_index, const Status& status) {
  Lane& lane = shared_.lanes[lane_index];
  const SampleTicket& ticket = lane.ticket;
  // After a stop nobody asks, and the log may be gone while a stuck read still comes back.
  if (IsDropped(ticket.generation)) {
    Drop(lane_index);
    return;
  }
  shared_.store->at(ticket.buffer).AddBad({lane.id, status});
  const auto substitute =
      shared_.bad.Decide(ticket.id, lane.id, ticket.epoch, lane.attempt, status);
  if (!substitute) {
    CommitMarked(ticket);
    shared_.ReleaseLane(lane_index);
    return;
  }
  lane.id = *substitute;
  lane.grew = false;
  lane.through_cache = false;
  lane.whole = false;
  ++lane.attempt;
  shared_.PushRetry(lane_index);
}

void BatchAssembler::Arrive(uint32_t index) {
  BatchBuffer& buffer = shared_.store->at(index);
  if (!buffer.samples_left.Arrive()) return;
  if (IsDropped(buffer.generation)) {
    shared_.store->Return(index);
    return;
  }
  Finish(&buffer);
}

void BatchAssembler::FinishRows(BatchBuffer* buffer) {
  for (uint32_t i = buffer->count; i < buffer->rows; ++i) {  // padding of the last batch
    shared_.store->ClearSample(*buffer, i);
    buffer->ids[i] = -1;
    buffer->labels[i] = -1;
    buffer->valid[i] = 0;
    if (shared_.store->has_targets()) buffer->targets.row(i).Clear();
  }
  for (uint32_t i = 0; i < buffer->rows; ++i) {
    buffer->lambda[i] = 1.0f;
    buffer->partner[i] = static_cast<int32_t>(i);
  }
}

void BatchAssembler::Finish(BatchBuffer* buffer) {
  FinishRows(buffer);
  buffer->mix.Reset();
  buffer->mix_status = Code::kOk;
  buffer->ace_calls = 0;
  if (!shared_.mixer.empty()) {
    shared_.mixer.Draw(shared_.config.loader.seed, buffer->epoch, buffer->global_batch,
                       {buffer->ids, buffer->rows}, {buffer->valid, buffer->rows}, &buffer->mix,
                       {buffer->lambda, buffer->rows}, {buffer->partner, buffer->rows});
  }
  if (buffer->mix.entry >= 0 && shared_.mixer.EntryOf(buffer->mix).op != "ace") {
    WarnEqualLabels(*buffer);
  }
  // Nothing to mix, or the consumer's thread does it, with the user's functions.
  if (buffer->mix.kind == MixKind::kNone) {
    Deliver(buffer);
    return;
  }
  const uint32_t bands = shared_.plan.mix_bands;
  buffer->bands_left.Reset(bands);
  for (uint32_t band = 0; band < bands; ++band) {
    shared_.Push(shared_.mix,
                 MixTask{static_cast<uint16_t>(buffer->index), static_cast<uint16_t>(band)});
  }
  shared_.work_ready.NotifyAll();
}

void BatchAssembler::RunMix(const MixTask& task, std::span<std::byte> scratch) {
  BatchBuffer& buffer = shared_.store->at(task.buffer);
  const int64_t begin = NowNs();
  if (!shared_.IsStale(buffer.generation)) {
    shared_.mixer.ApplyBand(buffer.mix, buffer.images, buffer.rows, task.band,
                            shared_.plan.mix_bands, scratch);
  }
  Add(shared_.counters.mix_ns, static_cast<uint64_t>(NowNs() - begin));
  if (buffer.bands_left.Arrive()) Deliver(&buffer);
}

void BatchAssembler::Deliver(BatchBuffer* buffer) {
  if (buffer->soft != nullptr) {
    if (shared_.store->shape().label_rows) FillLabelRows(*buffer);
    shared_.mixer.MakeSoftLabels(buffer->mix, {buffer->labels, buffer->rows},
                                 {buffer->lambda, buffer->rows}, {buffer->partner, buffer->rows},
                                 buffer->soft);
  }
  if (shared_.store->has_targets() &&
      !buffer->targets.Join(buffer->mix, {buffer->partner, buffer->rows}, buffer->rows)) {
    shared_.log.Write(LogLevel::kError, kNoTargetsText);
  }
  shared_.delivery.Publish(buffer->generation, buffer->sequence, buffer->index,
                           [this](uint32_t stale) { shared_.store->Return(stale); });
}

void BatchAssembler::FillLabelRows(const BatchBuffer& buffer) const {
  const size_t columns = shared_.store->shape().classes;
  for (uint32_t i = 0; i < buffer.rows; ++i) {
    const std::span<float> row(buffer.soft + i * columns, columns);
    if (buffer.ids[i] < 0) {  // padding
      std::ranges::fill(row, 0.0f);
    } else {
      shared_.dataset.FillLabelRow(static_cast<uint64_t>(buffer.ids[i]), row);
    }
  }
}

void BatchAssembler::WarnEqualLabels(const BatchBuffer& buffer) {
  // In an order at random it happens, with small batches, and means nothing.
  if (shared_.config.loader.shuffle != Shuffle::kNone) return;
  if (shared_.store->shape().label_rows) return;
  if (buffer.count < 2 || shared_.warned_equal_labels.load(std::memory_order_relaxed)) return;
  const int64_t* begin = buffer.labels;
  const int64_t* end = begin + buffer.count;
  if (!std::all_of(begin, end, [begin](int64_t v) { return v == *begin; })) return;
  if (shared_.warned_equal_labels.exchange(true, std::memory_order_relaxed)) return;
  shared_.log.Write(LogLevel::kWarning,
                    "a batch to mix holds one class only: mixing within it does nothing for the "
                    "labels; is the data set sorted and loader.shuffle = \"none\"?");
}

}  // namespace headrace::loader
