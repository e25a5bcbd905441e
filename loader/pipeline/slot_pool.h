// Who has which lane: a free list of small numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/check.h"
#include "loader/pipeline/atomics.h"

namespace headrace::loader {

// Hands out the indices 0..count-1, each to one holder at a time. The index given back last goes
// out first, because its memory is the warmest.
//
// Idea: a stack of indices linked through next_. The head is one 64-bit word: the index on top, how
// many are free, and a tag that grows with every acquire. The tag is for a thread that read the
// head, slept while the same index was taken and given back, and would now install an old next
// (ABA): its compare fails, unless it slept through exactly 2^32 acquires.
//
// Owner: the loader; it outlives all threads that use it. Threads: any. Cost: one compare-and-swap
// without contention; memory is taken once, in the constructor (which may throw bad_alloc).
template <class Atomics = StdAtomics>
class SlotPool {
 public:
  // The head has 16 bits for an index and for the number of free ones.
  static constexpr uint32_t kSlotsMax = 0xffff;

  // count: 1..kSlotsMax; a larger one is our bug, and cut in release builds. Index 0 goes out
  // first.
  explicit SlotPool(uint32_t count)
      : count_(std::min(count, kSlotsMax)), next_(std::make_unique<Link[]>(count_)) {
    HR_DCHECK(count >= 1 && count <= kSlotsMax);
    // Relaxed: who hands the pool to another thread publishes it.
    for (uint32_t i = 0; i < count_; ++i) next_[i].store(i + 1, std::memory_order_relaxed);
    head_.store(Pack(0, count_, 0), std::memory_order_relaxed);
  }
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  // False when all are out. What the last holder wrote into the slot is seen by the new one.
  bool TryAcquire(uint32_t* index) {
    // Pairs with the release in Release, also through acquires in between (all changes of the head
    // are read-modify-writes, so they continue its release sequence): next_ and the slot are ours
    // to read.
    uint64_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      if (FreeOf(head) == 0) return false;
      const uint32_t top = TopOf(head);
      const uint32_t next = next_[top].load(std::memory_order_relaxed);
      // Failure acquire: the same job as the load's. Success would need none, because no value of
      // the head comes twice and so it read what was acquired already, but g++ 12 rejects a failure
      // order above the success order.
      if (head_.compare_exchange_weak(head, Pack(next, FreeOf(head) - 1, TagOf(head) + 1),
                                      std::memory_order_acquire, std::memory_order_acquire)) {
        *index = top;
        return true;
      }
    }
  }

  // Gives back what TryAcquire gave. Never blocks and never fails.
  void Release(uint32_t index) {
    HR_DCHECK(index < count_);
    uint64_t head = head_.load(std::memory_order_relaxed);
    do {
      // Relaxed: published by the release below. Others read it only while `index` is on top.
      next_[index].store(TopOf(head), std::memory_order_relaxed);
      // Pairs with TryAcquire: the link and the holder's work on the slot come before the handing
      // on.
    } while (!head_.compare_exchange_weak(head, Pack(index, FreeOf(head) + 1, TagOf(head)),
                                          std::memory_order_release, std::memory_order_relaxed));
  }

  // How many were free at some moment near the call.
  uint32_t ApproxFree() const { return FreeOf(head_.load(std::memory_order_relaxed)); }

  uint32_t count() const { return count_; }

 private:
  using Link = typename Atomics::template Atomic<uint32_t>;

  // tag:32 free:16 top:16. With none free, top is whatever it was.
  static uint64_t Pack(uint32_t top, uint32_t free_count, uint32_t tag) {
    return uint64_t{tag} << 32 | uint64_t{free_count & 0xffff} << 16 | (top & 0xffff);
  }
  static uint32_t TopOf(uint64_t head) { return static_cast<uint32_t>(head & 0xffff); }
  static uint32_t FreeOf(uint64_t head) { return static_cast<uint32_t>(head >> 16 & 0xffff); }
  static uint32_t TagOf(uint64_t head) { return static_cast<uint32_t>(head >> 32); }

  const uint32_t count_;
  const std::unique_ptr<Link[]> next_;  // next_[i]: the index under i, while i is free
  alignas(kCacheLineBytes) typename Atomics::template Atomic<uint64_t> head_{0};
};

}  // namespace headrace::loader
