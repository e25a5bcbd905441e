// SampleCache: encoded samples that stay in memory after their first read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/log.h"
#include "loader/dataset.h"
#include "loader/host_memory.h"
#include "loader/stats.h"

namespace headrace::loader {

// What a cache would take and hold.
struct SampleCachePlan {
  uint64_t arena_bytes = 0;  // 0: no cache
  uint64_t table_bytes = 0;
  bool holds_all = false;

  uint64_t bytes() const { return arena_bytes + table_bytes; }
};

// What: one block of memory, filled from its beginning by the reads themselves, so that nothing is
// copied; first come, first kept, and nothing ever leaves. Owner: the loader; outlives the threads.
// Thread: the read stage's; workers read the bytes that it hands them in lanes. Cost: all memory at
// open; a table look-up a sample; nothing is allocated.
class SampleCache {
 public:
  // For as many samples as `bytes_max` has room for.
  static SampleCachePlan PlanFor(const Dataset& dataset, bool checkpoints, uint64_t bytes_max);

  // `arena`: SampleCachePlan::arena_bytes. `log` and `counters` must outlive it.
  SampleCache(uint64_t samples, bool checkpoints, HostMemory arena, const LogSink& log,
              Counters* counters);

  // The sample's bytes; empty: it has to be read.
  std::span<const std::byte> Find(uint64_t id) const;
  // Where to read a file of `file_bytes` to, with one byte more, which shows whether it grew;
  // empty: no room, or it is being read already. Then Keep or GiveUp has to follow.
  std::span<std::byte> Begin(uint64_t id, uint64_t file_bytes);
  void Keep(uint64_t id, uint64_t bytes);
  // Takes the last Begin back.
  void Cancel(uint64_t id);
  // It could not be read: what it took is lost, and it is never tried again.
  void GiveUp(uint64_t id);

  // The same for the entropy checkpoints of a sample, which are copied: they are few bytes. A
  // record is of one place in the index, and another place has another record; the first one stays.
  std::span<const std::byte> FindRecord(uint64_t id, uint64_t place, uint64_t bytes) const;
  void KeepRecord(uint64_t id, uint64_t place, std::span<const std::byte> record);

 private:
  enum class State : uint32_t { kNone, kReading, kKept, kNever };
  struct Place {
    uint64_t offset = 0;
    uint32_t bytes = 0;
    State state = State::kNone;
  };
  struct RecordPlace {
    uint64_t offset = 0;
    uint64_t place = 0;  // in the index
    uint32_t bytes = 0;  // 0: none is kept
  };

  // The next `bytes` of the arena, aligned; null: they do not fit.
  std::byte* Take(uint64_t bytes, uint64_t* offset);
  void SayFull();

  const LogSink log_;
  Counters* counters_;
  HostMemory arena_;
  uint64_t used_bytes_ = 0;
  uint64_t kept_ = 0;
  bool said_full_ = false;
  std::vector<Place> places_;
  std::vector<RecordPlace> records_;  // none without checkpoints
};

}  // namespace headrace::loader
