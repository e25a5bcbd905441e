// What the warps share: filling and copying pixels of a row, and the part of a row whose places lie
// inside of the source. Once per target.
#if defined(HEADRACE_SIMD_WARP_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_WARP_ROWS_INL_H_
#undef HEADRACE_SIMD_WARP_ROWS_INL_H_
#else
#define HEADRACE_SIMD_WARP_ROWS_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "simd/rows-inl.h"
#include "simd/warp.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Target pixels are taken this many at a time, so that what is known of them stays in the first
// cache.
constexpr uint32_t kChunkPx = 64;

// Target columns [begin, end).
struct Columns {
  uint32_t begin;
  uint32_t end;
};

class FillPattern {
 public:
  FillPattern(const FillColour& fill, uint32_t channels) : channels_(channels) {
    is_plain_ = channels == 1 || (fill[0] == fill[1] && fill[1] == fill[2]);
    for (size_t i = 0; i < sizeof(bytes_); ++i) bytes_[i] = fill[i % channels];
  }
  void Run(uint8_t* row, uint32_t begin, uint32_t end) const {
    if (begin >= end) return;
    uint8_t* to = row + size_t{begin} * channels_;
    size_t bytes = size_t{end - begin} * channels_;
    if (is_plain_) {
      std::memset(to, bytes_[0], bytes);
      return;
    }
    for (; bytes >= sizeof(bytes_); bytes -= sizeof(bytes_), to += sizeof(bytes_)) {
      std::memcpy(to, bytes_, sizeof(bytes_));
    }
    std::memcpy(to, bytes_, bytes);
  }

 private:
  uint32_t channels_;
  bool is_plain_;
  uint8_t bytes_[96];
};

// Copies `count` pixels that lie at first + offsets[i]. With Reach::kFour it reads 4 bytes of
// pixels of 3. Never writes more.
enum class Reach : bool { kExact, kFour };
template <size_t kChannels, Reach kReach>
HWY_INLINE void CopyPixels(const uint8_t* first, const int32_t* HWY_RESTRICT offsets, size_t count,
                           uint8_t* HWY_RESTRICT to) {
  size_t i = 0;
  if constexpr (kChannels == 1) {
    for (; i < count; ++i) to[i] = first[offsets[i]];
    return;
  }
#if HWY_TARGET != HWY_SCALAR
  if constexpr (kReach == Reach::kFour) {
    const hn::FixedTag<uint32_t, 4> d;
    const hn::FixedTag<uint32_t, 2> d2;
    const hn::FixedTag<uint32_t, 1> d1;
    const hn::FixedTag<uint8_t, 16> d8;
    alignas(16) static constexpr uint8_t kGather[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14};
    const auto gather = hn::Load(d8, kGather);
    const auto two = [=](size_t k) HWY_ATTR {
      // One load for both, as loads are what this is short of.
      uint64_t both;
      std::memcpy(&both, offsets + k, 8);
      const auto* a = reinterpret_cast<const uint32_t*>(first + static_cast<uint32_t>(both));
      const auto* b = reinterpret_cast<const uint32_t*>(first + (both >> 32));
      return hn::Combine(d2, hn::LoadU(d1, b), hn::LoadU(d1, a));
    };
    // Each store writes 4 bytes too many, which belong to two pixels to come.
    for (; i + 6 <= count; i += 4) {
      const auto low = two(i);
      const auto high = two(i + 2);
      const auto pixels = hn::BitCast(d8, hn::Combine(d, high, low));
      hn::StoreU(hn::TableLookupBytes(pixels, gather), d8, to + 3 * i);
    }
  }
#endif
  for (; i < count; ++i) std::memcpy(to + 3 * i, first + offsets[i], 3);
}

// Bytes from the first pixel to behind the last one.
inline uint64_t BytesSpanned(const ConstImageView& view) {
  return (uint64_t{view.height} - 1) * view.stride_bytes + view.row_bytes();
}

// The first i in [0, count) for which holds(i), or count; holds never goes back from true to false.
// Quick where the guess is near.
template <class Holds>
HWY_INLINE uint32_t FirstWhere(uint32_t count, double guess, const Holds& holds) {
  int64_t low = 0;  // does not hold below
  int64_t high = count;
  const auto probe = [&](int64_t at) {
    if (at < low || at >= high) return;
    if (holds(static_cast<uint32_t>(at))) {
      high = at;
    } else {
      low = at + 1;
    }
  };
  const int64_t near = guess >= count ? count : guess > 0 ? static_cast<int64_t>(guess) : 0;
  probe(near - 1);
  probe(near);
  if (low < high) {
    probe(near - 2);
    probe(near + 1);
  }
  while (low < high) probe(low + (high - low) / 2);
  return static_cast<uint32_t>(high);
}

// Of the places value(i) of a row, which go only up or only down by `slope`, those in [0, limit).
// Not-a-number counts as inside. `per_slope` is about 1 / slope.
template <class Value>
HWY_INLINE Columns ColumnsInside(uint32_t count, double slope, double per_slope, double limit,
                                 const Value& value) {
  const double start = value(0);
  const double at_low = std::ceil(-start * per_slope);
  const double at_high = std::ceil((limit - start) * per_slope);
  if (slope > 0) {
    return {FirstWhere(count, at_low, [&](uint32_t i) { return !(value(i) < 0.0); }),
            FirstWhere(count, at_high, [&](uint32_t i) { return value(i) >= limit; })};
  }
  return {FirstWhere(count, at_high, [&](uint32_t i) { return !(value(i) >= limit); }),
          FirstWhere(count, at_low, [&](uint32_t i) { return value(i) < 0.0; })};
}

HWY_INLINE Columns Common(const Columns& a, const Columns& b) {
  const uint32_t begin = std::max(a.begin, b.begin);
  return {begin, std::max(begin, std::min(a.end, b.end))};
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_WARP_ROWS_INL_H_
