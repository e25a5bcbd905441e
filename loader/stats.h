// Counters of a running loader. Written by its threads with relaxed additions, read by anybody.
#pragma once

#include <atomic>
#include <cstdint>

namespace headrace::loader {

struct Counters {
  using Counter = std::atomic<uint64_t>;
  alignas(64) Counter batches{0};
  Counter samples{0};
  Counter consumer_wait_ns{0};
  Counter extra_buffers{0};
  Counter callback_failures{0};
  alignas(64) Counter corrupt_samples{0};
  Counter corrupt_ids{0};
  Counter substituted{0};
  Counter marked{0};
  Counter extraneous{0};
  Counter object_zoom_fallbacks{0};
  alignas(64) Counter checkpoints_read{0};
  Counter checkpoints_written{0};
  Counter checkpoints_rejected{0};
  Counter cache_hits{0};
  Counter cache_bytes{0};
  Counter partial_reads{0};
  Counter partial_fallbacks{0};
  alignas(64) Counter read_ns{0};
  Counter decode_ns{0};
  Counter entropy_ns{0};
  Counter idct_ns{0};
  Counter resize_ns{0};
  Counter colour_ns{0};
  Counter ops_ns{0};
  Counter mix_ns{0};
  Counter wait_ns{0};
};

inline void Add(Counters::Counter& counter, uint64_t value) {
  counter.fetch_add(value, std::memory_order_relaxed);
}
inline uint64_t Get(const Counters::Counter& counter) {
  return counter.load(std::memory_order_relaxed);
}

}  // namespace headrace::loader
