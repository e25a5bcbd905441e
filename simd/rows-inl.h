// Pieces that the kernels share: 16-byte blocks of several rows in one vector, their transposition,
// and a row of pixels in reverse. Included once per target.
//
// Vectors here have a size known at compile time (the build turns the scalable targets off), and a
// "block" is 128 bits of one: on every such target the shuffles used here stay inside blocks.
#if defined(HEADRACE_SIMD_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_ROWS_INL_H_
#undef HEADRACE_SIMD_ROWS_INL_H_
#else
#define HEADRACE_SIMD_ROWS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

constexpr size_t kVectorBytes = HWY_MAX_BYTES;
using D8 = hn::FixedTag<uint8_t, kVectorBytes>;
using D16 = hn::FixedTag<int16_t, kVectorBytes / 2>;
using D32 = hn::FixedTag<int32_t, kVectorBytes / 4>;
using V8 = hn::Vec<D8>;
using V32 = hn::Vec<D32>;
// 32-bit lanes of a vector; also the rows that the horizontal resize takes at a time.
constexpr size_t kLanes = kVectorBytes / 4;

// Block b of the result is the 16 bytes at address(b).
template <class Address>
HWY_INLINE V8 LoadBlocksAt(const Address& address) {
  const hn::FixedTag<uint8_t, 16> d128;
  const auto block0 = hn::LoadU(d128, address(0));
#if HWY_MAX_BYTES == 16
  return block0;
#else
  const hn::FixedTag<uint8_t, 32> d256;
  const auto low = hn::Combine(d256, hn::LoadU(d128, address(1)), block0);
#if HWY_MAX_BYTES == 32
  return low;
#else
  const auto high = hn::Combine(d256, hn::LoadU(d128, address(3)), hn::LoadU(d128, address(2)));
  return hn::Combine(D8(), high, low);
#endif
#endif
}

// Block b from pointers[b * kStep] + offset.
template <size_t kStep>
HWY_INLINE V8 LoadBlocks(const uint8_t* const* pointers, size_t offset) {
  return LoadBlocksAt([=](size_t b) HWY_ATTR { return pointers[b * kStep] + offset; });
}

// Block b from first + b * kApart.
template <size_t kApart>
HWY_INLINE V8 LoadBlocksApart(const uint8_t* first) {
  return LoadBlocksAt([=](size_t b) HWY_ATTR { return first + b * kApart; });
}

// The reverse: block b goes to pointers[b * kStep] + offset.
template <size_t kStep>
HWY_INLINE void StoreBlocks(V8 v, uint8_t* const* pointers, size_t offset) {
  const hn::FixedTag<uint8_t, 16> d128;
#if HWY_MAX_BYTES == 16
  hn::StoreU(v, d128, pointers[0] + offset);
#else
  const hn::FixedTag<uint8_t, 32> d256;
#if HWY_MAX_BYTES == 32
  const auto low = v;
#else
  const auto low = hn::LowerHalf(d256, v);
  const auto high = hn::UpperHalf(d256, v);
  hn::StoreU(hn::LowerHalf(d128, high), d128, pointers[2 * kStep] + offset);
  hn::StoreU(hn::UpperHalf(d128, high), d128, pointers[3 * kStep] + offset);
#endif
  hn::StoreU(hn::LowerHalf(d128, low), d128, pointers[0] + offset);
  hn::StoreU(hn::UpperHalf(d128, low), d128, pointers[kStep] + offset);
#endif
}

// In each block, the 4x4 matrix of 32-bit lanes of four vectors is transposed.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void TransposeBlocks(D d, V& v0, V& v1, V& v2, V& v3) {
  const hn::Repartition<int64_t, D> d64;
  const auto a = hn::BitCast(d64, hn::InterleaveLower(d, v0, v1));
  const auto b = hn::BitCast(d64, hn::InterleaveLower(d, v2, v3));
  const auto e = hn::BitCast(d64, hn::InterleaveUpper(d, v0, v1));
  const auto f = hn::BitCast(d64, hn::InterleaveUpper(d, v2, v3));
  v0 = hn::BitCast(d, hn::InterleaveLower(d64, a, b));
  v1 = hn::BitCast(d, hn::InterleaveUpper(d64, a, b));
  v2 = hn::BitCast(d, hn::InterleaveLower(d64, e, f));
  v3 = hn::BitCast(d, hn::InterleaveUpper(d64, e, f));
}

// Which byte of 16 loaded ones goes where. For 3 channels 5 pixels are turned and byte 0 is unused:
// it lands on a byte that the next store, further left, overwrites.
template <size_t kChannels>
HWY_INLINE hn::Vec<hn::FixedTag<uint8_t, 16>> ReverseShuffle() {
  constexpr size_t kPixels = 16 / kChannels;
  constexpr size_t kUnused = 16 - kPixels * kChannels;
  alignas(16) uint8_t index[16] = {};
  for (size_t i = 0; i < kPixels; ++i) {
    for (size_t c = 0; c < kChannels; ++c) {
      index[kUnused + i * kChannels + c] = static_cast<uint8_t>((kPixels - 1 - i) * kChannels + c);
    }
  }
  return hn::Load(hn::FixedTag<uint8_t, 16>(), index);
}

#endif  // HWY_TARGET != HWY_SCALAR

// to[x] = from[width - 1 - x], in pixels.
template <size_t kChannels>
HWY_INLINE void ReverseRow(const uint8_t* HWY_RESTRICT from, uint8_t* HWY_RESTRICT to,
                           size_t width) {
  size_t x = 0;
  uint8_t* to_end = to + width * kChannels;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<uint8_t, 16> d;
  constexpr size_t kPixels = 16 / kChannels;
  // The load and the store of 16 bytes touch one pixel more than they move when 16 is no multiple.
  constexpr size_t kTouched = (16 + kChannels - 1) / kChannels;
  const auto shuffle = ReverseShuffle<kChannels>();
  for (; x + kTouched <= width; x += kPixels) {
    const auto pixels = hn::LoadU(d, from + x * kChannels);
    hn::StoreU(hn::TableLookupBytes(pixels, shuffle), d, to_end - 16);
    to_end -= kPixels * kChannels;
  }
#endif
  for (; x < width; ++x) {
    to_end -= kChannels;
    std::memcpy(to_end, from + x * kChannels, kChannels);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_ROWS_INL_H_
