// Which of several threads finished last.
#pragma once

#include <cstdint>

#include "base/check.h"
#include "loader/pipeline/atomics.h"

namespace headrace::loader {

// Counts the samples of a batch that are still to come; the thread that brings the last one goes on
// with the batch.
//
// Owner: the batch buffer it counts for. Threads: Reset by the one thread that begins the batch,
// before it hands out the batch's work (the queue that carries the work publishes it); Arrive and
// Remaining from any. Cost: one atomic subtraction an arrival; no memory, no waiting.
template <class Atomics = StdAtomics>
class CountDown {
 public:
  CountDown() = default;
  CountDown(const CountDown&) = delete;
  CountDown& operator=(const CountDown&) = delete;

  // count >= 1 arrivals are expected from now on. Nobody may still be arriving for an older count.
  void Reset(uint32_t count) {
    HR_DCHECK(count >= 1);
    remaining_.store(count, std::memory_order_relaxed);  // published by the queue, see above
  }

  // True for exactly one of the callers, the last, who then sees all that the others did before.
  [[nodiscard]] bool Arrive() {
    // Release: our writes go with the count. Acquire: the last one takes them; it pairs with all
    // earlier arrivals, because each subtraction continues the release sequence of those before it.
    const uint32_t before = remaining_.fetch_sub(1, std::memory_order_acq_rel);
    HR_DCHECK(before >= 1);
    return before == 1;
  }

  // For statistics: how many were missing at some moment near the call.
  uint32_t Remaining() const { return remaining_.load(std::memory_order_relaxed); }

 private:
  typename Atomics::template Atomic<uint32_t> remaining_{0};
};

}  // namespace headrace::loader
