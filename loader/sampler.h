// Order: which sample stands at which position of an epoch, without a table.
#pragma once

#include <cstdint>

#include "loader/config.h"

namespace headrace::loader {

// A keyed permutation of 0..size-1: a Feistel network over the next even number of bits, walked in
// cycles until it falls inside. O(1) memory, random access, the same on every machine.
class KeyedPermutation {
 public:
  // `purpose` keeps permutations with equal numbers apart ("order", "substitute").
  KeyedPermutation(uint64_t size, uint64_t seed, uint32_t epoch, uint64_t unit,
                   const char* purpose);
  uint64_t At(uint64_t index) const;

 private:
  static constexpr int kRounds = 8;
  uint64_t Encrypt(uint64_t value) const;

  uint64_t size_;
  uint32_t half_bits_;
  uint64_t half_mask_;
  uint64_t keys_[kRounds];
};

// Positions of an epoch to sample ids, and the batches of one rank.
//
// Rank r's batch b holds positions (b*W + r)*B to (b*W + r + 1)*B - 1 of the epoch.
class Sampler {
 public:
  Sampler(uint64_t samples, Shuffle shuffle, uint64_t seed, uint32_t batch_size, uint32_t rank,
          uint32_t world_size, Tail tail);

  // Batches of this rank in an epoch: the same for every rank with drop and pad.
  uint64_t batches() const { return batches_; }
  // First position of batch `batch` of this rank; may lie beyond the set (pad, exact).
  uint64_t FirstPosition(uint64_t batch) const;
  // Samples in batch `batch` (the rest of it, if any, is padding).
  uint32_t Count(uint64_t batch) const;
  // The batch's number over all ranks, which addresses its random streams.
  uint64_t GlobalBatch(uint64_t batch) const { return batch * world_size_ + rank_; }

  // The order of one epoch.
  class Order {
   public:
    uint64_t IdAt(uint64_t position) const {
      return shuffled_ ? permutation_.At(position) : position;
    }

   private:
    friend class Sampler;
    Order(bool shuffled, const KeyedPermutation& permutation)
        : shuffled_(shuffled), permutation_(permutation) {}
    bool shuffled_;
    KeyedPermutation permutation_;
  };
  Order OrderOf(uint32_t epoch) const;

 private:
  uint64_t samples_;
  Shuffle shuffle_;
  uint64_t seed_;
  uint64_t batch_size_;
  uint64_t rank_;
  uint64_t world_size_;
  uint64_t batches_ = 0;
};

}  // namespace headrace::loader
