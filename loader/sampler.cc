#include "loader/sampler.h"

#include <algorithm>
#include <bit>

#include "base/rng.h"

namespace headrace::loader {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
uint64_t Scramble(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

}  // namespace

KeyedPermutation::KeyedPermutation(uint64_t size, uint64_t seed, uint32_t epoch, uint64_t unit,
                                   const char* purpose)
    : size_(size) {
  // At least 2 x 4 bits: over fewer, a Feistel network reaches too few of the permutations.
  const uint32_t bits = std::max(8u, static_cast<uint32_t>(std::bit_width(size - (size > 0))));
  half_bits_ = (bits + 1) / 2;
  half_mask_ = (uint64_t{1} << half_bits_) - 1;
  RandomStream stream({.seed = seed, .epoch = epoch, .unit = unit, .name = purpose});
  for (uint64_t& key : keys_) {
    const uint64_t low = stream.NextU32();
    key = low | (uint64_t{stream.NextU32()} << 32);
  }
}

uint64_t KeyedPermutation::Encrypt(uint64_t value) const {
  uint64_t left = value >> half_bits_;
  uint64_t right = value & half_mask_;
  for (const uint64_t key : keys_) {
    const uint64_t mixed = left ^ (Scramble(right + key) & half_mask_);
    left = right;
    right = mixed;
  }
  return (left << half_bits_) | right;
}

uint64_t KeyedPermutation::At(uint64_t index) const {
  // Ends: the walk is a cycle of a permutation that contains `index` itself, which is inside.
  uint64_t value = Encrypt(index);
  while (value >= size_) value = Encrypt(value);
  return value;
}

Sampler::Sampler(uint64_t samples, Shuffle shuffle, uint64_t seed, uint32_t batch_size,
                 uint32_t rank, uint32_t world_size, Tail tail)
    : samples_(samples),
      shuffle_(shuffle),
      seed_(seed),
      batch_size_(batch_size),
      rank_(rank),
      world_size_(world_size) {
  const uint64_t step = batch_size_ * world_size_;
  if (tail == Tail::kDrop) {
    batches_ = samples_ / step;
  } else if (tail == Tail::kPad) {
    batches_ = (samples_ + step - 1) / step;
  } else {
    batches_ = samples_ / step;
    if (samples_ % step > rank_ * batch_size_) ++batches_;
  }
}

uint64_t Sampler::FirstPosition(uint64_t batch) const { return GlobalBatch(batch) * batch_size_; }

uint32_t Sampler::Count(uint64_t batch) const {
  const uint64_t first = FirstPosition(batch);
  if (first >= samples_) return 0;
  return static_cast<uint32_t>(std::min(batch_size_, samples_ - first));
}

Sampler::Order Sampler::OrderOf(uint32_t epoch) const {
  return {shuffle_ == Shuffle::kFull, KeyedPermutation(samples_, seed_, epoch, 0, "order")};
}

}  // namespace headrace::loader
