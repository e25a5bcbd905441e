// Order: which sample stands at which position of an epoch.
#pragma once

#include <cstdint>
#include <vector>

#include "loader/config.h"

namespace headrace::loader {

class Dataset;
class EpochSamples;

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
// An epoch that was resumed begins at its base position s, every other one at 0. Rank r's batch b
// holds positions s + (b*W + r)*B to s + (b*W + r + 1)*B - 1 of the epoch.
class Sampler {
 public:
  // `samples`: positions of an epoch. `dataset` has the runs that shuffle = "block" keeps together,
  // and outlives the sampler; nothing else asks for it. So does `chosen`, what the positions hold
  // where that is not every sample once; it is looked at once there is an order.
  Sampler(uint64_t samples, Shuffle shuffle, uint64_t seed, uint32_t batch_size, uint32_t rank,
          uint32_t world_size, Tail tail, const Dataset* dataset = nullptr, uint32_t window = 0,
          const EpochSamples* chosen = nullptr);

  // Batches of this rank in an epoch that begins at `base`: the same for every rank with drop and
  // pad.
  uint64_t Batches(uint64_t base) const;
  uint64_t batches() const { return batches_; }  // of a whole epoch
  const EpochSamples* chosen() const { return chosen_; }
  // First position of batch `batch` of this rank; may lie beyond the set (pad, exact).
  uint64_t FirstPosition(uint64_t batch, uint64_t base = 0) const;
  // Samples in batch `batch` (the rest of it, if any, is padding).
  uint32_t Count(uint64_t batch, uint64_t base = 0) const;
  // The batch's number over all ranks, which addresses its random streams. A run that goes on with
  // the same ranks and batch size numbers as the one before it would have.
  uint64_t GlobalBatch(uint64_t batch, uint64_t base = 0) const {
    return base / batch_size_ + batch * world_size_ + rank_;
  }
  // The same on this rank alone.
  uint64_t OwnBatch(uint64_t batch, uint64_t base = 0) const {
    return base / (batch_size_ * world_size_) + batch;
  }
  // Where the epoch stands when every rank has taken `batches` batches.
  uint64_t PositionAfter(uint64_t batches, uint64_t base) const {
    return base + batches * world_size_ * batch_size_;
  }

  // The order of one epoch. Thread: any. Cost: IdAt is O(1), with shuffle = "block" O(log runs).
  class Order {
   public:
    // Takes what memory it needs: 8 bytes a run with shuffle = "block".
    explicit Order(const Sampler& sampler);
    // Turns to an epoch; allocates nothing. O(runs) with shuffle = "block".
    void Begin(uint32_t epoch);
    uint64_t IdAt(uint64_t position) const;

   private:
    uint64_t IndexAt(uint64_t position) const;
    uint64_t IdInBlocks(uint64_t position) const;

    const Sampler* sampler_;
    uint32_t epoch_ = 0;
    KeyedPermutation permutation_;  // of the samples; with block, of the runs
    // Block: where the stream of samples comes to the run that stands at place k.
    std::vector<uint64_t> starts_;
  };
  Order OrderOf(uint32_t epoch) const;
  // What an Order takes.
  static uint64_t OrderBytes(Shuffle shuffle, const Dataset& dataset);

 private:
  uint64_t samples_;
  Shuffle shuffle_;
  uint64_t seed_;
  uint64_t batch_size_;
  uint64_t rank_;
  uint64_t world_size_;
  Tail tail_;
  const Dataset* dataset_;
  uint64_t window_;
  const EpochSamples* chosen_;
  uint64_t batches_;
};

}  // namespace headrace::loader
