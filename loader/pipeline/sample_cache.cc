#include "loader/pipeline/sample_cache.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "base/checked_math.h"
#include "loader/checkpoints/checkpoint_limits.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kAlign = 16;
constexpr uint64_t kPageBytes = HostMemory::kAlignment;

uint64_t RoomFor(uint64_t file_bytes) { return RoundUp(SaturatingAdd(file_bytes, 1), kAlign); }

}  // namespace

SampleCachePlan SampleCache::PlanFor(const Dataset& dataset, bool checkpoints, uint64_t bytes_max) {
  const uint64_t samples = dataset.size();
  SampleCachePlan plan;
  plan.table_bytes =
      SaturatingMul(samples, sizeof(Place) + (checkpoints ? sizeof(RecordPlace) : 0));
  uint64_t wanted = 0;
  for (uint64_t id = 0; id < samples; ++id) {
    if (!OpeningGoesOnAt(id)) return {};  // whoever plans asks again
    const uint64_t bytes = dataset.Locate(id).bytes;
    wanted = SaturatingAdd(wanted, RoomFor(bytes));
    if (checkpoints) wanted = SaturatingAdd(wanted, RoundUp(RecordBytesMax(bytes), kAlign));
  }
  wanted = RoundUp(wanted, kPageBytes);
  if (bytes_max <= plan.table_bytes) return {};
  const uint64_t room = (bytes_max - plan.table_bytes) / kPageBytes * kPageBytes;
  plan.arena_bytes = std::min(wanted, room);
  plan.holds_all = wanted <= room;
  return plan.arena_bytes > 0 ? plan : SampleCachePlan();
}

SampleCache::SampleCache(uint64_t samples, bool checkpoints, HostMemory arena, const LogSink& log,
                         Counters* counters)
    : log_(log),
      counters_(counters),
      arena_(std::move(arena)),
      places_(samples),
      records_(checkpoints ? samples : 0) {}

std::byte* SampleCache::Take(uint64_t bytes, uint64_t* offset) {
  const uint64_t rounded = RoundUp(bytes, kAlign);
  if (rounded > arena_.bytes() - used_bytes_) return nullptr;
  *offset = used_bytes_;
  used_bytes_ += rounded;
  return arena_.data() + *offset;
}

std::span<const std::byte> SampleCache::Find(uint64_t id) const {
  const Place& place = places_[id];
  if (place.state != State::kKept) return {};
  return std::span<const std::byte>(arena_.span()).subspan(place.offset, place.bytes);
}

std::span<std::byte> SampleCache::Begin(uint64_t id, uint64_t file_bytes) {
  Place& place = places_[id];
  // An empty file has nothing to keep.
  if (place.state != State::kNone || file_bytes == 0 || file_bytes >= UINT32_MAX) return {};
  std::byte* memory = Take(SaturatingAdd(file_bytes, 1), &place.offset);
  if (memory == nullptr) {
    SayFull();
    return {};
  }
  place.state = State::kReading;
  return {memory, static_cast<size_t>(file_bytes + 1)};
}

void SampleCache::Keep(uint64_t id, uint64_t bytes) {
  Place& place = places_[id];
  HR_DCHECK(place.state == State::kReading);
  if (bytes == 0) {  // it is empty now
    place.state = State::kNever;
    return;
  }
  place.bytes = static_cast<uint32_t>(bytes);  // at most the room, whose size Begin has checked
  place.state = State::kKept;
  ++kept_;
  Add(counters_->cache_bytes, bytes);
}

void SampleCache::Cancel(uint64_t id) {
  places_[id].state = State::kNone;
  used_bytes_ = places_[id].offset;  // nothing was taken since
}

void SampleCache::GiveUp(uint64_t id) { places_[id].state = State::kNever; }

std::span<const std::byte> SampleCache::FindRecord(uint64_t id, uint64_t place,
                                                   uint64_t bytes) const {
  if (records_.empty()) return {};
  const RecordPlace& record = records_[id];
  if (record.bytes == 0 || record.bytes != bytes || record.place != place) return {};
  return std::span<const std::byte>(arena_.span()).subspan(record.offset, record.bytes);
}

void SampleCache::KeepRecord(uint64_t id, uint64_t place, std::span<const std::byte> record) {
  if (records_.empty() || record.empty() || record.size() > kRecordBytesMax) return;
  RecordPlace& kept = records_[id];
  if (kept.bytes != 0) return;
  std::byte* memory = Take(record.size(), &kept.offset);
  if (memory == nullptr) return;
  std::memcpy(memory, record.data(), record.size());
  kept.place = place;
  kept.bytes = static_cast<uint32_t>(record.size());
  Add(counters_->cache_bytes, record.size());
}

void SampleCache::SayFull() {
  if (said_full_) return;
  said_full_ = true;
  if (log_.callback == nullptr) return;
  char text[128];  // nothing is allocated here
  std::snprintf(text, sizeof text,
                "cache: full with %" PRIu64 " of %zu samples; the others are read each epoch",
                kept_, places_.size());
  log_.Write(LogLevel::kInfo, text);
}

}  // namespace headrace::loader
