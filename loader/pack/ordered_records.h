// OrderedRecords: records that workers finish in any order, handed on in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "codecs/record_packer.h"

namespace headrace::loader {

// What: numbers of records are given out in order; a finished record waits here for those before
// it. Whoever brings the one that is next hands it on, and what follows it as far as it is there.
// Owner: a pack job. Thread: the workers. Cost: two locks a record; memory of a window, by number
// and by bytes (one record more than kBytesMax is let in when nothing else is).
class OrderedRecords {
 public:
  static constexpr uint64_t kBytesMax = uint64_t{256} << 20;

  // `bytes(n)`: about how much record n takes. `write(n, record)`: never two at a time, n
  // ascending; false ends it all.
  OrderedRecords(uint64_t count, uint32_t window, std::function<uint64_t(uint64_t)> bytes,
                 std::function<bool(uint64_t, codecs::PackedRecord&)> write)
      : count_(count), bytes_(std::move(bytes)), write_(std::move(write)), slots_(window) {}

  // The next record to be made; none: there is no more to do. May wait for others.
  std::optional<uint64_t> Take();
  // The record is swapped for an old one, whose memory can be used again.
  void Put(uint64_t number, codecs::PackedRecord* record);
  // Take gives none from now on.
  void End();

 private:
  struct Slot {
    codecs::PackedRecord record;
    uint64_t bytes = 0;
    bool ready = false;
  };
  bool HasRoom(uint64_t bytes) const;

  const uint64_t count_;
  const std::function<uint64_t(uint64_t)> bytes_;
  const std::function<bool(uint64_t, codecs::PackedRecord&)> write_;

  std::mutex mutex_;
  std::condition_variable moved_;
  // Guarded by mutex_; a slot that is ready is the writer's.
  std::vector<Slot> slots_;
  uint64_t taken_ = 0;    // numbers given out
  uint64_t written_ = 0;  // numbers handed on
  uint64_t in_flight_bytes_ = 0;
  bool writing_ = false;
  bool ended_ = false;
};

}  // namespace headrace::loader
