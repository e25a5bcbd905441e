// Delivery: finished batches, handed to the consumer in order.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "loader/pipeline/eventcount.h"

namespace headrace::loader {

// What: one slot a batch buffer, indexed by the batch's sequence number; batches may be finished in
// any order and are taken in sequence. Owner: the loader. Thread: Publish by workers and the read
// stage, the rest by the consumer. Cost: two atomic operations a batch.
//
// A generation is a run that began with open or set_epoch. Batches of an older one are handed back
// to the caller, never to the consumer.
class Delivery {
 public:
  // `capacity`: batch buffers at most, so that two undelivered batches never share a slot.
  explicit Delivery(uint32_t capacity)
      : capacity_(capacity), slots_(std::make_unique<std::atomic<uint64_t>[]>(capacity)) {}

  uint32_t generation() const { return generation_.load(std::memory_order_seq_cst); }

  // Puts a finished batch in its slot and wakes the consumer. give_back(index) is called for a
  // buffer that is out of date and free for use: this one, or one that was left in the slot.
  template <class GiveBack>
  void Publish(uint32_t generation, uint32_t sequence, uint32_t buffer, GiveBack give_back) {
    std::atomic<uint64_t>& slot = slots_[sequence % capacity_];
    const uint64_t entry = Pack(generation, sequence, buffer);
    uint64_t found = slot.load(std::memory_order_seq_cst);
    for (;;) {
      if (generation != this->generation()) return give_back(buffer);
      // The generation is ours, so whatever lies in the slot is of an older one: in one generation
      // undelivered batches never share a slot.
      if (slot.compare_exchange_weak(found, entry, std::memory_order_seq_cst)) break;
    }
    if (found != 0) give_back(BufferOf(found));
    // seq_cst on both sides: either the sweep of BeginGeneration sees our entry, or we see its
    // generation here; so no buffer of an old generation stays behind.
    if (generation != this->generation()) {
      uint64_t expected = entry;
      if (slot.compare_exchange_strong(expected, 0, std::memory_order_seq_cst)) {
        return give_back(buffer);
      }
    }
    ready_.NotifyAll();
  }

  // The consumer's: takes batch `sequence` of this generation if it is there.
  std::optional<uint32_t> TryTake(uint32_t sequence) {
    std::atomic<uint64_t>& slot = slots_[sequence % capacity_];
    const uint64_t entry = slot.load(std::memory_order_acquire);
    if (!Matches(entry, generation(), sequence)) return std::nullopt;
    slot.store(0, std::memory_order_seq_cst);
    return BufferOf(entry);
  }

  bool IsReady(uint32_t sequence) const {
    return Matches(slots_[sequence % capacity_].load(std::memory_order_acquire), generation(),
                   sequence);
  }

  // The consumer's: begins a generation; give_back(buffer) is called for each undelivered batch.
  template <class GiveBack>
  void BeginGeneration(GiveBack give_back) {
    generation_.fetch_add(1, std::memory_order_seq_cst);
    for (uint32_t i = 0; i < capacity_; ++i) {
      const uint64_t entry = slots_[i].exchange(0, std::memory_order_seq_cst);
      if (entry != 0) give_back(BufferOf(entry));
    }
  }

  // Notified for every batch, on stop and on failure.
  EventCount<>& ready() { return ready_; }

 private:
  // generation (20 bits), sequence (28 bits), buffer + 1 (16 bits); 0 is an empty slot. The numbers
  // wrap, but never while an entry that they could be taken for still lies in a slot.
  static uint64_t Pack(uint32_t generation, uint32_t sequence, uint32_t buffer) {
    return uint64_t{generation & 0xFFFFF} << 44 | uint64_t{sequence & 0xFFFFFFF} << 16 |
           (buffer + 1);
  }
  static uint32_t BufferOf(uint64_t entry) { return static_cast<uint32_t>(entry & 0xFFFF) - 1; }
  static bool Matches(uint64_t entry, uint32_t generation, uint32_t sequence) {
    return entry != 0 && entry >> 16 == Pack(generation, sequence, 0) >> 16;
  }

  const uint32_t capacity_;
  std::unique_ptr<std::atomic<uint64_t>[]> slots_;
  std::atomic<uint32_t> generation_{1};
  EventCount<> ready_;
};

}  // namespace headrace::loader
