// Philox4x32-10 for several blocks at once: the same words as Philox4x32 of base/rng.h. Included
// once per target.
//
// A field of random words is addressed by a 64-bit key: word i is word i % 4 of the block whose
// counter is i / 4, in 64 bits, so words may be made from anywhere and in any order.
#if defined(HEADRACE_SIMD_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_PHILOX_INL_H_
#undef HEADRACE_SIMD_PHILOX_INL_H_
#else
#define HEADRACE_SIMD_PHILOX_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

using DWord = hn::FixedTag<uint32_t, kLanes>;
using DBlock = hn::FixedTag<uint64_t, kLanes / 2>;  // one block's word in the lower half of a lane
using VBlock = hn::Vec<DBlock>;

// Rounds of this many vectors go side by side, since each waits for its own multiplications.
constexpr size_t kPhiloxChains = 2;
// Words are made by the group.
constexpr size_t kPhiloxWords = kPhiloxChains * (kLanes / 2) * 4;

// The two key words of each round, made once for many blocks.
struct PhiloxKeys {
  explicit PhiloxKeys(uint64_t key) {
    auto low = static_cast<uint32_t>(key);
    auto high = static_cast<uint32_t>(key >> 32);
    for (size_t round = 0; round < 10; ++round) {
      word[round][0] = low;
      word[round][1] = high;
      low += 0x9E3779B9;
      high += 0xBB67AE85;
    }
  }
  uint64_t word[10][2];
};

HWY_INLINE void PhiloxRound(const uint64_t* key, VBlock* c) {
  const DBlock d;
  const DWord d32;
  const auto product0 = hn::MulEven(hn::BitCast(d32, c[0]), hn::Set(d32, 0xD2511F53u));
  const auto product1 = hn::MulEven(hn::BitCast(d32, c[2]), hn::Set(d32, 0xCD9E8D57u));
  c[0] = hn::Xor3(hn::ShiftRight<32>(product1), c[1], hn::Set(d, key[0]));
  c[2] = hn::Xor3(hn::ShiftRight<32>(product0), c[3], hn::Set(d, key[1]));
  c[1] = product1;
  c[3] = product0;
}

// The kPhiloxWords words from block `first_block` on, to aligned memory. In the rounds the upper
// halves of lanes hold what is of no use.
HWY_INLINE void MakeGroup(const PhiloxKeys& keys, uint64_t first_block, uint32_t* words) {
  const DBlock d;
  constexpr size_t kBlocks = kLanes / 2;
  // In a chain lane 2q has block q and lane 2q + 1 block lanes / 2 + q: interleaving the words then
  // puts them in order without a shuffle across 128 bits.
  alignas(64) uint64_t order[kBlocks];
  for (size_t lane = 0; lane < kBlocks; ++lane) order[lane] = lane / 2 + lane % 2 * kBlocks / 2;
  VBlock word[kPhiloxChains][4];
  for (size_t i = 0; i < kPhiloxChains; ++i) {
    word[i][0] = hn::Add(hn::Load(d, order), hn::Set(d, first_block + i * kBlocks));
    word[i][1] = hn::ShiftRight<32>(word[i][0]);
    word[i][2] = word[i][3] = hn::Zero(d);
  }
  for (const auto& key : keys.word) {
    for (size_t i = 0; i < kPhiloxChains; ++i) PhiloxRound(key, word[i]);
  }
  const auto low_half = hn::Set(d, uint64_t{0xFFFFFFFF});
  for (size_t i = 0; i < kPhiloxChains; ++i) {
    const auto word01 = hn::Or(hn::And(word[i][0], low_half), hn::ShiftLeft<32>(word[i][1]));
    const auto word23 = hn::Or(hn::And(word[i][2], low_half), hn::ShiftLeft<32>(word[i][3]));
    auto* to = reinterpret_cast<uint64_t*>(words + i * 2 * kLanes);
    hn::Store(hn::InterleaveLower(d, word01, word23), d, to);
    hn::Store(hn::InterleaveUpper(d, word01, word23), d, to + kBlocks);
  }
}

// Words `first` to `first + count`, at the address that is returned: inside `words`, which has room
// for count + 2 * kPhiloxWords, aligned. Behind them are as many random words as two vectors hold.
HWY_INLINE const uint32_t* MakeWords(uint64_t key, uint64_t first, size_t count, uint32_t* words) {
  const PhiloxKeys keys(key);
  const size_t skipped = first % 4;
  for (size_t made = 0; made < skipped + count + 2 * kLanes; made += kPhiloxWords) {
    MakeGroup(keys, first / 4 + made / 4, words + made);
  }
  return words + skipped;
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_PHILOX_INL_H_
