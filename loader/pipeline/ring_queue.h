// A bounded queue of small values for any number of producers and consumers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

#include "base/check.h"
#include "loader/pipeline/atomics.h"

namespace headrace::loader {

// The queue between two stages.
//
// Idea: a cell is one 64-bit word of a turn and a value, so that a push and a pop are one
// compare-and-swap each. The turn of cell i starts at i ("free for push number i"), becomes i + 1
// ("full, for pop number i") and then i + capacity ("free for push number i + capacity"). tail_ and
// head_ only say where to look; whoever finds one that lags moves it on for the others. So a thread
// that is interrupted anywhere holds up nobody: TryPop says "empty" and TryPush says "full" only
// when that is so. (In the usual design a thread claims a cell first and fills or frees it later.
// An interrupted consumer then makes a queue "full" that has room, and an interrupted producer
// hides what others have pushed.)
//
// What follows from it, and the loader relies on:
// - If capacity() is no less than the number of things that can be queued, TryPush does not fail.
// - A push and one NotifyOne wake a consumer that will find the item (or somebody else took it).
// - After PrepareWait, Empty() is a condition to sleep on, and ApproxSize() == 0 the same.
//
// Owner: the loader; it outlives all threads that use it. Threads: all functions from any thread,
// except the constructor and the destructor. Cost: two compare-and-swaps each way, without
// contention; memory is taken once, in the constructor (which may throw bad_alloc), a cache line a
// cell. Turns wrap after 2^32 operations; a thread would have to sleep through exactly that many to
// be fooled.
template <class T, class Atomics = StdAtomics>
class RingQueue {
  static_assert(std::is_trivially_copyable_v<T>, "cells are overwritten, never destroyed");
  static_assert(sizeof(T) <= sizeof(uint32_t), "the value shares a 64-bit word with its turn");

 public:
  static constexpr size_t kCapacityMax = size_t{1} << 30;

  // capacity: a power of two, 2 to kCapacityMax (with one cell, "full" and "free again" would have
  // the same number); anything else is our bug, and put right in release builds.
  explicit RingQueue(size_t capacity)
      : capacity_(std::bit_ceil(std::clamp<size_t>(capacity, 2, kCapacityMax))),
        cells_(std::make_unique<Cell[]>(capacity_)) {
    HR_DCHECK(capacity == capacity_);
    // Relaxed: who hands the queue to another thread publishes it.
    for (size_t i = 0; i < capacity_; ++i) {
      cells_[i].word.store(i << kTurnShift, std::memory_order_relaxed);
    }
  }
  RingQueue(const RingQueue&) = delete;
  RingQueue& operator=(const RingQueue&) = delete;

  // False when full.
  bool TryPush(T value) {
    for (;;) {
      // Pairs with MoveOn: who sees that the queue has reached this position sees the pushes and
      // pops that brought it there. Without it "full" could be old news.
      const uint64_t tail = tail_.load(std::memory_order_acquire);
      auto& word = CellAt(tail).word;
      // Acquire, for MoveOn below: we may tell others of a push that another thread made.
      uint64_t found = word.load(std::memory_order_acquire);
      const int32_t ahead = Ahead(found, tail);
      if (ahead < 0) return false;  // the pop of the round before is not made
      if (ahead > 0) {
        MoveOn(tail_, tail);
        continue;
      }
      // Release: the consumer sees what we did before. Pairs with the acquire in TryPop.
      if (word.compare_exchange_weak(found, Word(tail + 1, value), std::memory_order_release,
                                     std::memory_order_relaxed)) {
        MoveOn(tail_, tail);
        return true;
      }
    }
  }

  // False when empty; *value is then untouched.
  bool TryPop(T* value) {
    for (;;) {
      // Pairs with MoveOn, as in TryPush.
      const uint64_t head = head_.load(std::memory_order_acquire);
      auto& word = CellAt(head).word;
      // Pairs with the release in TryPush: all that the producer did before is seen.
      uint64_t found = word.load(std::memory_order_acquire);
      const int32_t ahead = Ahead(found, head + 1);
      if (ahead < 0) return false;  // the push is not made
      if (ahead > 0) {
        MoveOn(head_, head);
        continue;
      }
      // Relaxed: the word holds the value, so there is nothing left for the next producer to
      // disturb; MoveOn publishes that the cell is free.
      if (word.compare_exchange_weak(found, Word(head + capacity_, T{}), std::memory_order_relaxed,
                                     std::memory_order_relaxed)) {
        MoveOn(head_, head);
        const uint32_t bits = static_cast<uint32_t>(found);
        std::memcpy(static_cast<void*>(value), &bits, sizeof(T));
        return true;
      }
    }
  }

  // Whether TryPop would have said no, at some moment in the call. A waiter may sleep on it.
  bool Empty() const {
    // head_ may lag: the words say how far the pops have come, and each step stands for a pop that
    // others have made. Relaxed: a waiter's fence orders these loads, and TryPop acquires.
    for (uint64_t head = head_.load(std::memory_order_relaxed);; ++head) {
      const int32_t ahead = Ahead(CellAt(head).word.load(std::memory_order_relaxed), head + 1);
      if (ahead <= 0) return ahead < 0;
    }
  }

  // 0 exactly if Empty(), else pushes less pops at some moment near the call: for statistics.
  size_t ApproxSize() const {
    if (Empty()) return 0;
    const uint64_t head = head_.load(std::memory_order_relaxed);
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    const int64_t size = static_cast<int64_t>(tail - head);  // the two are of different moments
    return static_cast<size_t>(std::clamp<int64_t>(size, 1, static_cast<int64_t>(capacity_)));
  }

  size_t capacity() const { return capacity_; }

 private:
  using Counter = typename Atomics::template Atomic<uint64_t>;
  struct alignas(kCacheLineBytes) Cell {
    Counter word{0};
  };
  static constexpr int kTurnShift = 32;

  static uint64_t Word(uint64_t turn, T value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return turn << kTurnShift | bits;
  }
  // How far the turn of a cell is past `turn`; positions wrap to 32 bits here.
  static int32_t Ahead(uint64_t word, uint64_t turn) {
    return static_cast<int32_t>(static_cast<uint32_t>(word >> kTurnShift) -
                                static_cast<uint32_t>(turn));
  }
  Cell& CellAt(uint64_t position) const { return cells_[position & (capacity_ - 1)]; }

  // The cell at `from` is done with; so its successor is next. Nothing to do if another thread was
  // faster. Release: passes on what we know of that cell, and of all before.
  static void MoveOn(Counter& counter, uint64_t from) {
    counter.compare_exchange_strong(from, from + 1, std::memory_order_release,
                                    std::memory_order_relaxed);
  }

  // Read by all, written by none after construction.
  const size_t capacity_;
  const std::unique_ptr<Cell[]> cells_;
  // Producers write tail_, consumers head_: a line for each, and none shared with what follows us.
  alignas(kCacheLineBytes) Counter tail_{0};
  alignas(kCacheLineBytes) Counter head_{0};
};

}  // namespace headrace::loader
