#include "loader/sampler.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/rng.h"
#include "loader/dataset.h"
#include "loader/epoch_samples.h"

namespace headrace::loader {
namespace {

// Purposes of the permutations of an epoch (docs/rng.md).
constexpr char kOrderPurpose[] = "order";          // of the samples
constexpr char kRunsPurpose[] = "order/runs";      // block: of the runs
constexpr char kWindowPurpose[] = "order/window";  // block: in the window of that number

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
                 uint32_t rank, uint32_t world_size, Tail tail, const Dataset* dataset,
                 uint32_t window, const EpochSamples* chosen)
    : samples_(samples),
      shuffle_(shuffle),
      seed_(seed),
      batch_size_(batch_size),
      rank_(rank),
      world_size_(world_size),
      tail_(tail),
      dataset_(dataset),
      window_(window),
      chosen_(chosen),
      batches_(Batches(0)) {
  HR_DCHECK(shuffle != Shuffle::kBlock || (dataset != nullptr && window > 0));
}

uint64_t Sampler::Batches(uint64_t base) const {
  const uint64_t left = samples_ - std::min(base, samples_);
  const uint64_t step = batch_size_ * world_size_;
  const uint64_t whole = left / step;
  const uint64_t rest = left % step;
  switch (tail_) {
    case Tail::kDrop: return whole;
    case Tail::kPad: return whole + (rest > 0 ? 1 : 0);
    case Tail::kExact: return whole + (rest > rank_ * batch_size_ ? 1 : 0);
  }
  return whole;
}

uint64_t Sampler::FirstPosition(uint64_t batch, uint64_t base) const {
  return base + (batch * world_size_ + rank_) * batch_size_;
}

uint32_t Sampler::Count(uint64_t batch, uint64_t base) const {
  const uint64_t first = FirstPosition(batch, base);
  if (first >= samples_) return 0;
  return static_cast<uint32_t>(std::min(batch_size_, samples_ - first));
}

Sampler::Order Sampler::OrderOf(uint32_t epoch) const {
  Order order(*this);
  order.Begin(epoch);
  return order;
}

uint64_t Sampler::OrderBytes(Shuffle shuffle, const Dataset& dataset) {
  return shuffle == Shuffle::kBlock ? (dataset.RunCount() + 1) * sizeof(uint64_t) : 0;
}

Sampler::Order::Order(const Sampler& sampler)
    : sampler_(&sampler), permutation_(0, 0, 0, 0, kOrderPurpose) {
  if (sampler.shuffle_ == Shuffle::kBlock) starts_.resize(sampler.dataset_->RunCount() + 1);
}

void Sampler::Order::Begin(uint32_t epoch) {
  epoch_ = epoch;
  const Sampler& sampler = *sampler_;
  if (sampler.shuffle_ != Shuffle::kBlock) {
    permutation_ = KeyedPermutation(sampler.samples_, sampler.seed_, epoch, 0, kOrderPurpose);
    return;
  }
  const uint64_t runs = starts_.size() - 1;
  permutation_ = KeyedPermutation(runs, sampler.seed_, epoch, 0, kRunsPurpose);
  uint64_t start = 0;
  for (uint64_t place = 0; place < runs; ++place) {
    starts_[place] = start;
    const uint64_t run = permutation_.At(place);
    start += sampler.dataset_->RunBegin(run + 1) - sampler.dataset_->RunBegin(run);
  }
  starts_[runs] = start;
}

uint64_t Sampler::Order::IdAt(uint64_t position) const {
  const EpochSamples* chosen = sampler_->chosen_;
  if (chosen == nullptr) return IndexAt(position);
  if (chosen->is_drawn()) return chosen->Draw(sampler_->seed_, epoch_, position);
  return chosen->IdOf(IndexAt(position));
}

uint64_t Sampler::Order::IndexAt(uint64_t position) const {
  switch (sampler_->shuffle_) {
    case Shuffle::kFull: return permutation_.At(position);
    case Shuffle::kBlock: return IdInBlocks(position);
    case Shuffle::kNone: break;
  }
  return position;
}

uint64_t Sampler::Order::IdInBlocks(uint64_t position) const {
  const uint64_t window = position / sampler_->window_;
  const uint64_t first = window * sampler_->window_;
  const uint64_t size = std::min(sampler_->window_, sampler_->samples_ - first);
  const KeyedPermutation inside(size, sampler_->seed_, epoch_, window, kWindowPurpose);
  const uint64_t place = first + inside.At(position - first);  // in the stream of the runs
  // Of runs that start at the same place, all but the last are empty.
  const auto after = std::upper_bound(starts_.begin(), starts_.end() - 1, place);
  const auto run = static_cast<uint64_t>(after - starts_.begin()) - 1;
  return sampler_->dataset_->RunBegin(permutation_.At(run)) + (place - starts_[run]);
}

}  // namespace headrace::loader
