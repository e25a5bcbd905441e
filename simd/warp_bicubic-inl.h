// Bicubic: as warp_bilinear-inl.h, with sixteen pixels around each place. Once per target.
#if defined(HEADRACE_SIMD_WARP_BICUBIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_WARP_BICUBIC_INL_H_
#undef HEADRACE_SIMD_WARP_BICUBIC_INL_H_
#else
#define HEADRACE_SIMD_WARP_BICUBIC_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "simd/warp_bilinear-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

struct BicubicRoom {
  HWY_ALIGN int32_t columns[kChunkPx] = {};  // of the taps before the places; may be -1
  HWY_ALIGN int32_t lines[kChunkPx] = {};
  HWY_ALIGN float part_x[kChunkPx] = {};
  HWY_ALIGN float part_y[kChunkPx] = {};
  // Of each of 4 rows 4 pixels, in 16 bytes (3 channels, 12 of them used) or in 4.
  HWY_ALIGN uint8_t taps[4][kChunkPx * 16] = {};
};

// Error bound in units of Rounding: rows and columns each add three products of differences below
// 2^9 with weights that are off by 2^-23, and round four times; that is below 20.
constexpr int32_t kBicubicGuard = 24;

// ------------------------------------------------------------------ fetching

// Where the 4 pixels of one row of pixel `i` are stored. Blocks of a vector are transposed later:
// lane l of kLanes comes from block l / 4 of vector l % 4.
template <size_t kChannels>
HWY_INLINE size_t TapsAt(size_t i) {
  if constexpr (kChannels == 1) return 4 * i;
  const size_t lane = i % kLanes;
  return 16 * (i - lane + kLanes / 4 * (lane % 4) + lane / 4);
}

template <size_t kChannels>
HWY_INLINE void FetchAtEdge(const ConstImageView& source, int64_t column, int64_t line, size_t at,
                            BicubicRoom* room) {
  for (int64_t r = 0; r < 4; ++r) {
    const uint8_t* row = source.Row(
        static_cast<uint32_t>(std::clamp<int64_t>(line + r - 1, 0, int64_t{source.height} - 1)));
    for (int64_t k = 0; k < 4; ++k) {
      const auto x =
          static_cast<size_t>(std::clamp<int64_t>(column + k - 1, 0, int64_t{source.width} - 1));
      std::memcpy(room->taps[r] + at + static_cast<size_t>(k) * kChannels, row + x * kChannels,
                  kChannels);
    }
  }
}

template <size_t kChannels>
HWY_INLINE void FetchSquares(const ConstImageView& source, size_t count, BicubicRoom* room) {
  constexpr size_t kBytes = kChannels == 1 ? 4 : 16;
  // Columns and lines from 1 to below these + 1 have all their pixels, and the loads' bytes.
  constexpr uint32_t kColumns = kChannels == 1 ? 3 : 5;
  const uint32_t inner_columns = source.width > kColumns ? source.width - kColumns : 0;
  const uint32_t inner_lines = source.height > 3 ? source.height - 3 : 0;
  const size_t stride = source.stride_bytes;
  for (size_t i = 0; i < count; ++i) {
    const auto column = static_cast<uint32_t>(room->columns[i] - 1);
    const auto line = static_cast<uint32_t>(room->lines[i] - 1);
    const size_t at = TapsAt<kChannels>(i);
    if (HWY_UNLIKELY(column >= inner_columns || line >= inner_lines)) {
      FetchAtEdge<kChannels>(source, room->columns[i], room->lines[i], at, room);
      continue;
    }
    const uint8_t* from = source.data + line * stride + column * kChannels;
    for (size_t r = 0; r < 4; ++r) std::memcpy(room->taps[r] + at, from + r * stride, kBytes);
  }
}

// ------------------------------------------------------------------ blending

// The 4 taps of one row, in order; channel c in byte c.
template <size_t kChannels>
HWY_INLINE void LoadRowTaps(const uint8_t* row, size_t i, VWord* taps) {
  const DWord d;
  if constexpr (kChannels == 1) {
    taps[0] = hn::Load(d, reinterpret_cast<const uint32_t*>(row) + i);
    taps[1] = hn::ShiftRight<8>(taps[0]);
    taps[2] = hn::ShiftRight<16>(taps[0]);
    taps[3] = hn::ShiftRight<24>(taps[0]);
  } else {
    alignas(16) static constexpr uint8_t kSpread[16] = {0, 1, 2, 0x80, 3, 4,  5,  0x80,
                                                        6, 7, 8, 0x80, 9, 10, 11, 0x80};
    const V8 spread = LoadBlocksAt([](size_t) HWY_ATTR { return kSpread; });
    for (size_t k = 0; k < 4; ++k) {
      const V8 pixels = hn::Load(D8(), row + 16 * i + k * kVectorBytes);
      taps[k] = hn::BitCast(d, hn::TableLookupBytesOr0(pixels, spread));
    }
    TransposeBlocks(d, taps[0], taps[1], taps[2], taps[3]);
  }
}

// The cubic (a = -1) as tap 1 and differences from it: exact when all taps are alike.
class CubicWeights {
 public:
  HWY_INLINE explicit CubicWeights(VFloat part) {
    const DFloat d;
    const VFloat rest = hn::Sub(hn::Set(d, 1.0f), part);
    const VFloat product = hn::Mul(part, rest);
    before_ = hn::Mul(product, rest);  // subtracted
    next_ = hn::MulAdd(product, part, part);
    after_ = hn::Mul(product, part);  // subtracted
  }
  HWY_INLINE VFloat Blend(VFloat v0, VFloat v1, VFloat v2, VFloat v3) const {
    VFloat sum = hn::MulAdd(hn::Sub(v2, v1), next_, v1);
    sum = hn::NegMulAdd(hn::Sub(v0, v1), before_, sum);
    return hn::NegMulAdd(hn::Sub(v3, v1), after_, sum);
  }

 private:
  VFloat before_;
  VFloat next_;
  VFloat after_;
};

template <int kChannel>
HWY_INLINE V32 BlendSquare(const VWord (*rows)[4], const CubicWeights& across,
                           const CubicWeights& down) {
  const DFloat d;
  const VWord mask = hn::Set(DWord(), 0xFFu << (8 * kChannel));
  const auto value = [=](VWord tap) HWY_ATTR {
    return hn::ConvertTo(d, hn::BitCast(D32(), hn::And(tap, mask)));
  };
  VFloat sums[4];
  for (size_t r = 0; r < 4; ++r) {
    const VWord* tap = rows[r];
    sums[r] = across.Blend(value(tap[0]), value(tap[1]), value(tap[2]), value(tap[3]));
  }
  // What is beyond 0 or 255 goes where no integer is near.
  constexpr float kScale = 1 << (8 * kChannel);
  const VFloat sum = down.Blend(sums[0], sums[1], sums[2], sums[3]);
  const VFloat low = hn::Max(sum, hn::Set(d, 0.5f * kScale));
  return FixedBits(hn::Min(low, hn::Set(d, 255.5f * kScale)), kScale, 0.0f);
}

// Bits in which the taps that count differ: in a place on a tap's row or column, only those on it.
HWY_INLINE VWord SquareDifferences(const VWord (*rows)[4], VFloat part_x, VFloat part_y) {
  const DWord d;
  const VFloat zero = hn::Zero(DFloat());
  const VWord centre = rows[1][1];
  VWord in_row = hn::Zero(d);
  VWord in_column = hn::Zero(d);
  VWord elsewhere = hn::Zero(d);
  for (size_t r = 0; r < 4; ++r) {
    for (size_t k = 0; k < 4; ++k) {
      VWord& bits = r == 1 ? in_row : k == 1 ? in_column : elsewhere;
      bits = hn::Or(bits, hn::Xor(rows[r][k], centre));
    }
  }
  const auto between = [=](VFloat part) HWY_ATTR {
    return hn::BitCast(d,
                       hn::VecFromMask(D32(), hn::Not(hn::RebindMask(D32(), hn::Eq(part, zero)))));
  };
  const VWord across = between(part_x);
  const VWord down = between(part_y);
  return hn::Or(hn::Or(hn::And(in_row, across), hn::And(in_column, down)),
                hn::And(elsewhere, hn::And(across, down)));
}

template <size_t kChannels, class Exact>
HWY_INLINE void BlendSquares(const BicubicRoom& room, size_t count, int32_t guard, uint8_t* to,
                             const Exact& exact) {
  const DFloat df;
  for (size_t i = 0; i < count; i += kLanes) {
    VWord rows[4][4];
    for (size_t r = 0; r < 4; ++r) LoadRowTaps<kChannels>(room.taps[r], i, rows[r]);
    const CubicWeights across(hn::Load(df, room.part_x + i));
    const CubicWeights down(hn::Load(df, room.part_y + i));
    V32 values[kChannels];
    values[0] = BlendSquare<0>(rows, across, down);
    if constexpr (kChannels == 3) {
      values[1] = BlendSquare<1>(rows, across, down);
      values[2] = BlendSquare<2>(rows, across, down);
    }
    const auto differences = [&]() HWY_ATTR {
      const VFloat part_x = hn::Load(df, room.part_x + i);
      const VFloat part_y = hn::Load(df, room.part_y + i);
      return SquareDifferences(rows, part_x, part_y);
    };
    FinishPixels<kChannels>(values, {guard}, i, count, differences, exact, to + i * kChannels);
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_WARP_BICUBIC_INL_H_
