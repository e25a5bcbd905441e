// A bounded queue for any number of producers and consumers (D. Vyukov's design).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "base/check.h"
#include "loader/pipeline/atomics.h"

namespace headrace::loader {

// The queue between two stages.
//
// Idea: each cell carries the number of the turn it is good for. Cell i of the ring starts at i
// ("free for push number i"), becomes i + 1 ("full for pop number i") and then i + capacity ("free
// for push number i + capacity"). A thread claims a turn by moving tail_ or head_, then owns the
// cell until it writes the next number.
//
// Owner: the loader; it outlives all threads that use it. Threads: all functions from any thread,
// except the constructor and the destructor. Cost: one compare-and-swap and one store each way,
// without contention; memory is taken once, in the constructor (which may throw bad_alloc), one
// cache line a cell.
//
// Limits. A thread that was interrupted between its claim and its store holds up that one cell:
// - TryPop may say "empty" although later pushes are complete. Nothing is lost, the slow thread
// will
//   finish its push and then notify; but one wake may then stand for two items. So a consumer pops
//   until TryPop says no, and one that stops after a single item passes the wake on if ApproxSize()
//   > 0.
// - TryPush may say "full" although fewer than capacity() items are in the queue. So no capacity is
//   large enough to do without a way to wait for space (the model check has the execution).
// - ApproxSize is a hint and never the condition of a wait: with a push in flight it is not 0 while
//   TryPop says "empty", and a loop over the two would spin.
template <class T, class Atomics = StdAtomics>
class RingQueue {
  static_assert(std::is_trivially_copyable_v<T>, "cells are overwritten, never destroyed");

 public:
  // capacity: a power of two and at least 2 (with one cell, "full" and "free again" would have the
  // same number); anything else is our bug, and rounded up in release builds.
  explicit RingQueue(size_t capacity)
      : mask_(std::bit_ceil(std::max<size_t>(capacity, 2)) - 1),
        cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    HR_DCHECK(capacity == mask_ + 1);
    // Relaxed: who hands the queue to another thread publishes it.
    for (size_t i = 0; i <= mask_; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
  }
  RingQueue(const RingQueue&) = delete;
  RingQueue& operator=(const RingQueue&) = delete;

  // False when full.
  bool TryPush(T value) {
    uint64_t position = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      // Pairs with the release in TryPop one round earlier: its read of the value is over before we
      // overwrite it.
      const uint64_t turn = cell.turn.load(std::memory_order_acquire);
      const int64_t ahead = static_cast<int64_t>(turn - position);
      if (ahead == 0) {
        // Relaxed: the claim orders nothing, the cell's turn does. A failure reloads position.
        if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
          cell.value = value;
          cell.turn.store(position + 1, std::memory_order_release);  // pairs with TryPop's acquire
          return true;
        }
      } else if (ahead < 0) {
        return false;  // the pop of the round before is not done
      } else {
        position = tail_.load(std::memory_order_relaxed);  // others have passed us
      }
    }
  }

  // False when empty; *value is then untouched.
  bool TryPop(T* value) {
    uint64_t position = head_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      // Pairs with the release in TryPush: the value, and all that its producer did before, is
      // seen.
      const uint64_t turn = cell.turn.load(std::memory_order_acquire);
      const int64_t ahead = static_cast<int64_t>(turn - (position + 1));
      if (ahead == 0) {
        if (head_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
          *value = cell.value;
          // Pairs with the acquire in TryPush, one round later.
          cell.turn.store(position + mask_ + 1, std::memory_order_release);
          return true;
        }
      } else if (ahead < 0) {
        return false;  // the push is not done, or not begun
      } else {
        position = head_.load(std::memory_order_relaxed);
      }
    }
  }

  // Claimed pushes less claimed pops: true at some moment near the call, for statistics and hints.
  size_t ApproxSize() const {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (static_cast<int64_t>(tail - head) <= 0) return 0;  // the two were read at different moments
    return std::min<size_t>(tail - head, capacity());
  }

  size_t capacity() const { return mask_ + 1; }

 private:
  struct alignas(kCacheLineBytes) Cell {
    typename Atomics::template Atomic<uint64_t> turn{0};
    typename Atomics::template Var<T> value{};
  };

  // Read by all, written by none after construction.
  const size_t mask_;
  const std::unique_ptr<Cell[]> cells_;
  // Producers write tail_, consumers head_: a line for each, and none shared with what follows us.
  alignas(kCacheLineBytes) typename Atomics::template Atomic<uint64_t> tail_{0};
  alignas(kCacheLineBytes) typename Atomics::template Atomic<uint64_t> head_{0};
};

}  // namespace headrace::loader
