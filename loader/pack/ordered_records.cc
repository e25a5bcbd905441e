#include "loader/pack/ordered_records.h"

#include <utility>

#include "base/checked_math.h"

namespace headrace::loader {
namespace {

// A buffer that one huge picture has left is given back.
constexpr size_t kKeptBytesMax = size_t{8} << 20;

}  // namespace

bool OrderedRecords::HasRoom(uint64_t bytes) const {
  if (taken_ == written_) return true;
  return taken_ - written_ < slots_.size() && SaturatingAdd(in_flight_bytes_, bytes) <= kBytesMax;
}

std::optional<uint64_t> OrderedRecords::Take() {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [this] { return ended_ || taken_ == count_ || HasRoom(bytes_(taken_)); });
  if (ended_ || taken_ == count_) return std::nullopt;
  const uint64_t number = taken_++;
  Slot& slot = slots_[number % slots_.size()];
  slot.bytes = bytes_(number);
  in_flight_bytes_ += slot.bytes;
  return number;
}

void OrderedRecords::Put(uint64_t number, codecs::PackedRecord* record) {
  std::unique_lock lock(mutex_);
  Slot& own = slots_[number % slots_.size()];
  std::swap(own.record, *record);
  if (record->bytes.capacity() > kKeptBytesMax) record->bytes = {};
  own.ready = true;
  if (writing_) return;
  writing_ = true;
  while (!ended_) {
    Slot& next = slots_[written_ % slots_.size()];
    if (!next.ready) break;
    const uint64_t which = written_;
    lock.unlock();
    const bool good = write_(which, next.record);
    lock.lock();
    if (!good) ended_ = true;
    next.ready = false;
    in_flight_bytes_ -= next.bytes;
    ++written_;
    moved_.notify_all();
  }
  writing_ = false;
  moved_.notify_all();
}

void OrderedRecords::End() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  moved_.notify_all();
}

}  // namespace headrace::loader
