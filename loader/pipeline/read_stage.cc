#include "loader/pipeline/read_stage.h"

#include <cerrno>

#include "base/clock.h"

namespace headrace::loader {
namespace {

constexpr int64_t kDrainLimitNs = 2'000'000'000;

// Tags of the reader: a lane, and with it what the read is of.
constexpr uint64_t kRecordTag = uint64_t{1} << 32;
constexpr uint64_t kSecondPartTag = uint64_t{1} << 33;

// Where the record goes: at the end of the lane's memory, so that the file has all the room before
// it. Nowhere when the file, and one byte more that shows whether it grew, would not fit.
std::optional<uint64_t> RecordPlace(uint64_t memory_bytes, uint64_t file_bytes,
                                    uint64_t record_bytes) {
  if (record_bytes > memory_bytes) return std::nullopt;
  const uint64_t place = (memory_bytes - record_bytes) & ~(kRecordAlignment - 1);
  if (place <= file_bytes) return std::nullopt;
  return place;
}

// What the cache calls a record's place.
uint64_t PlaceInIndex(const CheckpointIndex::Found& found) {
  return static_cast<uint64_t>(found.file) << 48 | found.offset;
}

}  // namespace

ReadStage::ReadStage(PipelineShared* shared, BatchAssembler* assembler, io::Reader* reader)
    : shared_(*shared),
      assembler_(*assembler),
      reader_(*reader),
      order_(shared->sampler),
      partial_(shared->config, shared->dataset, shared->augment),
      incoming_(shared->plan.lanes),
      completions_(shared->plan.reads_max) {}

bool ReadStage::Run() {
  while (!shared_.stop.Requested()) {
    FollowGeneration();
    if (shared_.read_mode != nullptr && reader_.in_flight() == 0) {
      shared_.read_mode->Begin(NowNs());
    }
    // A stop or a new run ends it too: samples that fail at once give their places straight back.
    while (!shared_.stop.Requested() && !shared_.IsStale(generation_) &&
           (SubmitRetries() || SubmitNext())) {
    }
    if (reader_.in_flight() > 0) {
      Collect();
      continue;
    }
    const auto key = shared_.read_wanted.PrepareWait();
    if (shared_.stop.Requested() || SubmitPossible()) {
      shared_.read_wanted.CancelWait();
    } else {
      shared_.read_wanted.Wait(key);
    }
  }
  return reader_.Drain(kDrainLimitNs);
}

bool ReadStage::SubmitPossible() {
  // Every reason for which the loop above stopped submitting, looked at again.
  if (shared_.IsStale(generation_)) return true;
  if (waiting_lane_) return !shared_.big_encoded_busy.load(std::memory_order_acquire);
  if (shared_.retry.ApproxSize() > 0) return true;
  if (shared_.lane_pool.ApproxFree() == 0) return false;
  if (buffer_) return true;
  return shared_.sampler.batches() > 0 && shared_.store->HasFree();
}

void ReadStage::FollowGeneration() {
  const uint32_t generation = shared_.delivery.generation();
  if (generation == generation_) return;
  if (waiting_lane_) {
    const uint32_t lane = *waiting_lane_;
    waiting_lane_.reset();
    assembler_.Drop(lane);
  }
  if (buffer_) {
    const uint32_t rest = shared_.store->at(*buffer_).count - index_ + 1;  // and our own arrival
    const uint32_t buffer = *buffer_;
    buffer_.reset();
    assembler_.DropRest(buffer, rest);
  }
  generation_ = generation;
  // Published by the generation. A newer run may have written one of the two since: then this one
  // is stale before its first batch is delivered.
  epoch_ = shared_.run_epoch.load(std::memory_order_relaxed);
  base_ = shared_.run_base.load(std::memory_order_relaxed);
  batch_ = 0;
  sequence_ = 0;
  order_.Begin(epoch_);
}

bool ReadStage::OpenBatch() {
  if (shared_.sampler.batches() == 0) return false;  // a rank whose share is empty
  uint32_t index = 0;
  if (!shared_.store->TryAcquire(&index)) return false;
  if (batch_ == shared_.sampler.Batches(base_)) {
    batch_ = 0;
    base_ = 0;
    ++epoch_;
    order_.Begin(epoch_);
  }
  BatchBuffer& buffer = shared_.store->at(index);
  buffer.generation = generation_;
  buffer.epoch = epoch_;
  buffer.batch = shared_.sampler.OwnBatch(batch_, base_);
  buffer.global_batch = shared_.sampler.GlobalBatch(batch_, base_);
  buffer.sequence = sequence_;
  buffer.count = shared_.sampler.Count(batch_, base_);
  buffer.bad_count.store(0, std::memory_order_relaxed);  // published by the work ring
  buffer.rows =
      shared_.config.loader.tail == Tail::kPad ? shared_.config.loader.batch_size : buffer.count;
  buffer_ = index;
  index_ = 0;
  position_ = shared_.sampler.FirstPosition(batch_, base_);
  ++batch_;
  ++sequence_;
  // One arrival more than samples: ours, so that a batch of padding alone is finished too.
  buffer.samples_left.Reset(buffer.count + 1);
  if (buffer.count == 0) {
    buffer_.reset();
    assembler_.DropRest(index, 1);
  }
  return true;
}

bool ReadStage::SubmitNext() {
  if (waiting_lane_) {
    const uint32_t lane = *waiting_lane_;
    waiting_lane_.reset();
    return StartRead(lane);
  }
  if (!buffer_) return OpenBatch();
  uint32_t lane_index = 0;
  if (!shared_.lane_pool.TryAcquire(&lane_index)) return false;

  Lane& lane = shared_.lanes[lane_index];
  lane.ticket = {.id = order_.IdAt(position_),
                 .generation = generation_,
                 .epoch = epoch_,
                 .buffer = *buffer_,
                 .index = index_};
  lane.id = lane.ticket.id;
  lane.attempt = 0;
  lane.grew = false;
  lane.through_cache = false;
  lane.whole = false;
  ++position_;
  ++index_;
  if (index_ == shared_.store->at(*buffer_).count) {
    const uint32_t buffer = *buffer_;
    buffer_.reset();
    assembler_.DropRest(buffer, 1);  // our own arrival; this sample has not arrived yet
  }
  return StartRead(lane_index);
}

bool ReadStage::SubmitRetries() {
  if (waiting_lane_) return false;  // in order: it would need the place that the waiting one needs
  uint32_t lane_index = 0;
  if (!shared_.retry.TryPop(&lane_index)) return false;
  if (shared_.IsStale(shared_.lanes[lane_index].ticket.generation)) {
    assembler_.Drop(lane_index);
    return true;
  }
  return StartRead(lane_index);
}

bool ReadStage::StartRead(uint32_t lane_index) {
  Lane& lane = shared_.lanes[lane_index];
  const Extent extent = shared_.dataset.Locate(lane.id);
  if (extent.bytes > shared_.config.limits.max_encoded_bytes) {
    assembler_.HandleBad(lane_index,
                         {Code::kLimitBytes, "the file is larger than limits.max_encoded_bytes"});
    return true;
  }
  std::span<std::byte> memory = lane.memory;
  std::span<std::byte> cache_room;
  if (shared_.cache != nullptr && !lane.grew && !lane.in_big_area) {
    if (const auto cached = shared_.cache->Find(lane.id); !cached.empty()) {
      ServeCached(lane_index, cached, extent.bytes);
      return true;
    }
    cache_room = shared_.cache->Begin(lane.id, extent.bytes);
  }
  const bool fills_cache = !cache_room.empty();
  if ((extent.bytes >= memory.size() || lane.grew) && !lane.in_big_area && !fills_cache) {
    if (shared_.big_encoded_busy.load(std::memory_order_acquire)) {
      waiting_lane_ = lane_index;
      return false;
    }
    // Only this thread takes the area, so a plain store will do.
    shared_.big_encoded_busy.store(true, std::memory_order_relaxed);
    lane.in_big_area = true;
  }
  if (lane.in_big_area) memory = shared_.big_encoded.span();
  // A file that grew is not the one that the record was made of.
  CheckpointIndex::Found found;
  if (shared_.checkpoints != nullptr && !lane.grew) found = shared_.checkpoints->Find(lane.id);
  std::optional<uint64_t> record_place;
  if (found.bytes > 0) {
    const uint64_t before = fills_cache ? 0 : extent.bytes;
    record_place = RecordPlace(memory.size(), before, found.bytes);
  }
  const std::span<std::byte> file_memory =
      fills_cache ? cache_room : memory.first(record_place.value_or(memory.size()));
  FindPart(&lane, extent.bytes);
  Incoming incoming{.extent_bytes = extent.bytes,
                    .memory = file_memory,
                    .fills_cache = fills_cache,
                    .direct_mode = shared_.read_mode != nullptr && shared_.read_mode->direct()};
  if (!SubmitFile(lane_index, extent, &incoming, file_memory)) {
    // The queue is full (few descriptors are left): after the next completion.
    if (fills_cache) shared_.cache->Cancel(lane.id);
    waiting_lane_ = lane_index;
    return false;
  }
  incoming_[lane_index] = incoming;
  if (record_place) {
    StartRecord(lane_index, found, memory.subspan(*record_place, found.bytes));
  }
  return true;
}

void ReadStage::ServeCached(uint32_t lane_index, std::span<const std::byte> bytes,
                            uint64_t extent_bytes) {
  Lane& lane = shared_.lanes[lane_index];
  Incoming& incoming = incoming_[lane_index];
  incoming = {.extent_bytes = extent_bytes, .file = {.bytes = bytes.size()}, .memory = bytes};
  FindPart(&lane, extent_bytes);
  Add(shared_.counters.cache_hits, 1);
  CheckpointIndex::Found found;
  if (shared_.checkpoints != nullptr) found = shared_.checkpoints->Find(lane.id);
  if (found.bytes > 0) {
    const auto record = shared_.cache->FindRecord(lane.id, PlaceInIndex(found), found.bytes);
    if (record.empty() && found.bytes <= lane.memory.size()) {
      StartRecord(lane_index, found, lane.memory.first(found.bytes));
      if (incoming.reads_left > 0) return;
    }
    lane.record = record;
  } else {
    lane.record = {};
  }
  if (bytes.size() != extent_bytes) lane.record = {};
  lane.encoded = bytes;
  if (!lane.record.empty()) Add(shared_.counters.checkpoints_read, 1);
  shared_.Push(shared_.work, lane_index);
  shared_.work_ready.NotifyOne();
}

bool ReadStage::SubmitFile(uint32_t lane_index, const Extent& extent, Incoming* incoming,
                           std::span<std::byte> room) {
  const Lane& lane = shared_.lanes[lane_index];
  // Through the page cache all of it comes: what one epoch does not need, the next one may, and
  // what is read ahead pays for no second read.
  const bool in_parts = ReadsDirect(lane, *incoming);
  const auto ranges =
      PartialReads::RangesOf(in_parts ? lane.part : codecs::RecordPart(), extent.bytes);
  io::ReadRequest request = RequestFor(lane, extent, ranges.range[0], room, incoming);
  request.tag = lane_index;
  if (!reader_.Submit(request)) return false;
  incoming->reads_left = 1;
  incoming->is_part = ranges.range[0].end != extent.bytes;
  if (!incoming->is_part) return true;
  Add(shared_.counters.partial_reads, 1);
  if (ranges.count == 1) return true;
  request = RequestFor(lane, extent, ranges.range[1], room, incoming);
  request.tag = lane_index | kSecondPartTag;
  incoming->part_missing = !reader_.Submit(request);
  incoming->reads_left += incoming->part_missing ? 0 : 1;
  return true;
}

void ReadStage::FindPart(Lane* lane, uint64_t extent_bytes) {
  lane->part = {};
  if (!lane->whole) lane->part = partial_.Find(lane->id, lane->ticket.epoch, extent_bytes);
}

bool ReadStage::ReadsDirect(const Lane& lane, const Incoming& incoming) const {
  // What is to stay in memory comes in once, to a place that need not lie on a block.
  return shared_.read_mode != nullptr && shared_.read_mode->direct() && !lane.through_cache &&
         !incoming.fills_cache;
}

io::ReadRequest ReadStage::RequestFor(const Lane& lane, const Extent& extent,
                                      const ByteRange& bytes, std::span<std::byte> room,
                                      Incoming* incoming) const {
  io::ReadRequest request{.path = extent.path,
                          .file = extent.file,
                          .offset = extent.offset + bytes.begin,
                          .expected_bytes = bytes.size(),
                          .buffer = room.subspan(bytes.begin),
                          .whole_file = extent.whole_file};
  if (!ReadsDirect(lane, *incoming)) return request;
  const DirectRange range = shared_.direct_files->Find(lane.id, extent);
  if (range.skip + extent.bytes + range.beyond > room.size()) return request;
  const uint64_t end = request.offset + bytes.size();
  request.file = range.file;
  request.offset &= ~(DirectFiles::kBlockBytes - 1);
  request.expected_bytes = end - request.offset;
  request.buffer = room.subspan(request.offset - range.offset);
  request.beyond_bytes = (0 - end) & (DirectFiles::kBlockBytes - 1);
  request.direct = true;
  incoming->direct = true;
  incoming->skip = range.skip;
  return request;
}

void ReadStage::StartRecord(uint32_t lane_index, const CheckpointIndex::Found& found,
                            std::span<std::byte> memory) {
  const io::ReadRequest request{.file = found.file,
                                .offset = found.offset,
                                .expected_bytes = found.bytes,
                                .buffer = memory,
                                .whole_file = false,
                                .tag = lane_index | kRecordTag};
  // When the queue is full the sample does without: its record saves time, no more.
  if (!reader_.Submit(request)) return;
  ++incoming_[lane_index].reads_left;
  incoming_[lane_index].record = memory;
  incoming_[lane_index].record_place = PlaceInIndex(found);
}

void ReadStage::Collect() {
  // Submitting and collecting count as busy; sleeping until the disk answers does not.
  const int64_t begin = NowNs();
  size_t n = reader_.Reap(completions_, 0);
  Add(shared_.counters.read_ns, static_cast<uint64_t>(NowNs() - begin));
  if (n == 0) n = reader_.Reap(completions_, -1);
  if (shared_.read_mode != nullptr && n > 0) {
    const int64_t now_ns = NowNs();
    ReadMode::Ended ended;
    for (size_t i = 0; i < n; ++i) Count(completions_[i], &ended);
    shared_.read_mode->Completed(ended, now_ns);
  }
  size_t ready = 0;
  for (size_t i = 0; i < n; ++i) ready += Complete(completions_[i]) ? 1 : 0;
  if (ready == 1) shared_.work_ready.NotifyOne();
  if (ready > 1) shared_.work_ready.NotifyAll();
}

void ReadStage::Count(const io::ReadCompletion& completion, ReadMode::Ended* ended) const {
  // A second part adds nothing: what is saved counts as read, for it is records a second that
  // matter.
  if ((completion.tag & (kRecordTag | kSecondPartTag)) != 0) return;
  const Incoming& incoming = incoming_[static_cast<uint32_t>(completion.tag)];
  // By the mode that it was asked for in: what cannot come past the page cache, as it would not fit
  // its room in whole blocks, is part of what that mode gives.
  (incoming.direct_mode ? ended->direct : ended->buffered) +=
      incoming.is_part ? incoming.extent_bytes : completion.bytes;
}

bool ReadStage::Complete(const io::ReadCompletion& completion) {
  const uint32_t lane_index = static_cast<uint32_t>(completion.tag);
  Incoming& incoming = incoming_[lane_index];
  if ((completion.tag & kRecordTag) == 0) {
    if (incoming.file.status.ok()) incoming.file = completion;
  } else if (!completion.status.ok()) {
    // Not the sample's fault: it is decoded from its start.
    incoming.record = {};
    shared_.checkpoints->Reject(shared_.lanes[lane_index].id);
  }
  return --incoming.reads_left == 0 && FinishRead(lane_index);
}

void ReadStage::HandleFailure(uint32_t lane_index) {
  Lane& lane = shared_.lanes[lane_index];
  const Incoming& incoming = incoming_[lane_index];
  const Status& status = incoming.file.status;
  if (status.code() == Code::kLimitBytes && !lane.grew) {
    // Since open: it no longer fits its room, which is the lane's or, before a record, the area's.
    lane.grew = true;
    if (incoming.fills_cache) shared_.cache->GiveUp(lane.id);
  } else if (!status.ok() && incoming.direct) {
    // Perhaps O_DIRECT is what was refused: what the page cache says of the sample counts.
    const int number = status.error_number();
    if (number == EINVAL || number == EOPNOTSUPP) {
      shared_.read_mode->GiveUpDirect("the file system refused O_DIRECT");
    }
    lane.through_cache = true;
  } else if (incoming.is_part) {
    Add(shared_.counters.partial_fallbacks, 1);
    lane.whole = true;
  } else {
    if (incoming.fills_cache) shared_.cache->GiveUp(lane.id);
    assembler_.HandleBad(lane_index, status);
    return;
  }
  shared_.PushRetry(lane_index);
}

bool ReadStage::FinishRead(uint32_t lane_index) {
  Lane& lane = shared_.lanes[lane_index];
  const Incoming& incoming = incoming_[lane_index];
  const io::ReadCompletion& completion = incoming.file;
  if (!completion.status.ok() || incoming.part_missing) {
    HandleFailure(lane_index);
    return false;
  }
  lane.encoded = incoming.direct || incoming.is_part
                     ? incoming.memory.subspan(incoming.skip, incoming.extent_bytes)
                     : incoming.memory.first(completion.bytes);
  if (incoming.fills_cache) shared_.cache->Keep(lane.id, completion.bytes);
  // A file of another size is not the one that the record was made of either.
  const bool same_size = lane.encoded.size() == incoming.extent_bytes;
  lane.record = same_size ? incoming.record : std::span<std::byte>();
  if (!lane.record.empty()) {
    Add(shared_.counters.checkpoints_read, 1);
    if (shared_.cache != nullptr) {
      shared_.cache->KeepRecord(lane.id, incoming.record_place, lane.record);
    }
  }
  shared_.Push(shared_.work, lane_index);
  return true;
}

}  // namespace headrace::loader
