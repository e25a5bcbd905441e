// The order to end, given once and seen by all.
#pragma once

#include "loader/pipeline/atomics.h"

namespace headrace::loader {

// Every loop of the data path looks here before it waits. The flag wakes nobody: who requests a
// stop calls NotifyAll on every eventcount afterwards, so that a waiter either sees the flag in its
// check or is woken (eventcount.h has the reason).
//
// Owner: the loader; it outlives all threads. Threads: any. Cost: a load to look.
template <class Atomics = StdAtomics>
class StopFlag {
 public:
  StopFlag() = default;
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;

  // True for the first caller only: its reason is the one that is reported.
  bool Request() {
    // Pairs with Requested: what the caller wrote before (why we stop) is seen by who sees the
    // flag.
    return requested_.exchange(1, std::memory_order_release) == 0;
  }

  bool Requested() const {
    return requested_.load(std::memory_order_acquire) != 0;  // pairs with Request
  }

 private:
  // A line of its own: everybody reads it all the time, and nobody wants to fetch it again because
  // a neighbour was written.
  alignas(kCacheLineBytes) typename Atomics::template Atomic<uint32_t> requested_{0};
};

}  // namespace headrace::loader
