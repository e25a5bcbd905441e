// The inverse DCTs of a group of blocks. Included once per target.
//
// Columns first: a vector is one row of all blocks of the group, so lines lie across vectors. For
// the second pass the lines, now rows, must lie across vectors too. Between the passes values of
// 16 bits are therefore transposed, as pairs that the second pass multiplies together: the order of
// columns, which is all the same to the first pass, is changed when the rows are loaded so that
// such pairs are neighbours.
#if defined(HEADRACE_SIMD_IDCT_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_IDCT_BLOCKS_INL_H_
#undef HEADRACE_SIMD_IDCT_BLOCKS_INL_H_
#else
#define HEADRACE_SIMD_IDCT_BLOCKS_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "simd/idct_constants.h"
#include "simd/idct_lines-inl.h"
#include "simd/idct_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR

constexpr size_t kGroupBlocks = kVectorBytes / 16;
constexpr size_t kRowLanes = kGroupBlocks * 8;

// A group on its way: `blocks` of it, one or more, are stored.
struct IdctGroup {
  int16_t* coefficients;
  const int16_t* divisors;
  uint8_t* out;
  size_t stride_bytes;
  size_t blocks;
};

// What the last coefficients of a group's blocks leave to do.
enum class IdctForm : uint8_t {
  kFlat,    // only coefficient 0
  kCorner,  // only the first 4 rows and columns
  kFull,
};

// A row's coefficients times their divisors; wraps.
HWY_INLINE V16 RowOf(const IdctGroup& group, size_t row) {
  const D16 d;
  return hn::Mul(hn::Load(d, group.coefficients + row * kRowLanes),
                 hn::Load(d, group.divisors + row * kRowLanes));
}

template <size_t kRows>
HWY_INLINE void ClearRows(const IdctGroup& group) {
  const D16 d;
  for (size_t row = 0; row < kRows; ++row) {
    hn::Store(hn::Zero(d), d, group.coefficients + row * kRowLanes);
  }
}

// A block of which only row 0 is other than zero (`row_left_out` does not count) takes a shorter
// way in libjpeg-turbo: its columns' results are row 0, shifted to the left, which wraps; the long
// way saturates. They differ where the shift loses bits, and that takes coefficients that no
// encoder writes.
HWY_INLINE bool ShortWayDiffers(const IdctGroup& group) {
  const V16 row = RowOf(group, 0);
  const V16 back = hn::ShiftRight<kIdctColumnBits>(hn::ShiftLeft<kIdctColumnBits>(row));
  return !hn::AllTrue(D16(), hn::Eq(row, back));
}

enum class ShortWay : bool { kSame, kDiffers };

// Lanes of the blocks that take the short way. Slow, and rare enough.
inline hn::Vec<D16> ShortWayLanes(const IdctGroup& group, size_t row_left_out) {
  HWY_ALIGN int16_t lanes[kRowLanes];
  for (size_t b = 0; b < kGroupBlocks; ++b) {
    int bits = 0;
    for (size_t row = 1; row < 8; ++row) {
      if (row == row_left_out) continue;
      const int16_t* line = group.coefficients + row * kRowLanes + b * 8;
      for (size_t i = 0; i < 8; ++i) bits |= line[i];
    }
    for (size_t i = 0; i < 8; ++i) lanes[b * 8 + i] = bits == 0 ? -1 : 0;
  }
  return hn::Load(D16(), lanes);
}

template <size_t kLines>
HWY_INLINE void TakeShortWay(V16 row0, V16 short_way, V16* lines) {
  const V16 shifted = hn::ShiftLeft<kIdctColumnBits>(row0);
  const auto mask = hn::MaskFromVec(short_way);
  for (size_t i = 0; i < kLines; ++i) lines[i] = hn::IfThenElse(mask, shifted, lines[i]);
}

// In each 128-bit block: four vectors of four 32-bit lanes, transposed.
HWY_INLINE void TransposeLanes(const V16* from, V32* to) {
  const D32 d;
  for (size_t i = 0; i < 4; ++i) to[i] = hn::BitCast(d, from[i]);
  TransposeBlocks(d, to[0], to[1], to[2], to[3]);
}

// Lanes whose upper half is to be scaled by 2^bits and rounded: the lower half becomes 16, so that
// a product with 2^bits in both halves adds 2^(bits + 4), half of what the rows are scaled down by.
constexpr int kRowRounding = 16;
HWY_INLINE V16 WithRounding(V32 lanes) {
  return hn::OddEven(hn::BitCast(D16(), lanes), hn::Set(D16(), kRowRounding));
}

// Sums of two neighbouring columns' samples as bytes: in each 128-bit block, row by row, both.
template <int kBits>
HWY_INLINE V16 PackColumns(const Sums<2>& left, const Sums<2>& right) {
  return hn::BitCast(D16(), PackSamples(NarrowInterleaved<kBits>(left.part[0], right.part[0]),
                                        NarrowInterleaved<kBits>(left.part[1], right.part[1])));
}

// Pieces of kLanes 32-bit lanes: the first ones of all 128-bit blocks, then the second ones, ...
template <size_t kLanes>
struct GatherOrder {
  constexpr GatherOrder() {
    for (size_t i = 0; i < kVectorBytes / 4; ++i) {
      const size_t piece = i / kLanes;
      from[i] = static_cast<uint32_t>(piece % kGroupBlocks * 4 + piece / kGroupBlocks * kLanes +
                                      i % kLanes);
    }
  }
  alignas(kVectorBytes) uint32_t from[kVectorBytes / 4] = {};
};
template <size_t kLanes>
HWY_INLINE V8 GatherLanes(V8 blocks) {
#if HWY_MAX_BYTES > 16
  static constexpr GatherOrder<kLanes> kOrder;
  const hn::Repartition<uint32_t, D8> d;
  blocks = hn::BitCast(
      D8(), hn::TableLookupLanes(hn::BitCast(d, blocks), hn::SetTableIndices(d, kOrder.from)));
#endif
  return blocks;
}

// Each 128-bit block of `rows` has 8 samples of one row and 8 of the next.
HWY_INLINE void StoreTwoRows(V8 rows, uint8_t* out, size_t stride_bytes) {
  const hn::Half<D8> half;
  rows = GatherLanes<2>(rows);
  hn::StoreU(hn::LowerHalf(half, rows), half, out);
  hn::StoreU(hn::UpperHalf(half, rows), half, out + stride_bytes);
}

// The second pass's end: columns of sums to rows of samples.
template <size_t kHalf>
HWY_INLINE void Store8(const LineSums<2, kHalf>& line, uint8_t* out, size_t stride_bytes) {
  constexpr int kBits = kIdctFractionBits + kIdctColumnBits + 3;
  const D16 d16;
  const V16 c01 = PackColumns<kBits>(line.template Sample<0>(), line.template Sample<1>());
  const V16 c67 = PackColumns<kBits>(line.template Sample<6>(), line.template Sample<7>());
  const V16 c23 = PackColumns<kBits>(line.template Sample<2>(), line.template Sample<3>());
  const V16 c45 = PackColumns<kBits>(line.template Sample<4>(), line.template Sample<5>());
  const D32 d32;
  const V32 left_upper = hn::BitCast(d32, hn::InterleaveLower(d16, c01, c23));
  const V32 right_upper = hn::BitCast(d32, hn::InterleaveLower(d16, c45, c67));
  const V32 left_lower = hn::BitCast(d32, hn::InterleaveUpper(d16, c01, c23));
  const V32 right_lower = hn::BitCast(d32, hn::InterleaveUpper(d16, c45, c67));
  const D8 d8;
  StoreTwoRows(hn::BitCast(d8, hn::InterleaveLower(d32, left_upper, right_upper)), out,
               stride_bytes);
  StoreTwoRows(hn::BitCast(d8, hn::InterleaveUpper(d32, left_upper, right_upper)),
               out + 2 * stride_bytes, stride_bytes);
  StoreTwoRows(hn::BitCast(d8, hn::InterleaveLower(d32, left_lower, right_lower)),
               out + 4 * stride_bytes, stride_bytes);
  StoreTwoRows(hn::BitCast(d8, hn::InterleaveUpper(d32, left_lower, right_lower)),
               out + 6 * stride_bytes, stride_bytes);
}

// Sums and differences of the halves of lanes, at 16 bits, scaled and rounded.
HWY_INLINE void SumAndDifference(const V32* lanes, Sums<2>* sum, Sums<2>* difference) {
  constexpr int kOne = 1 << kIdctFractionBits;
  V32 sums[2];
  V32 differences[2];
  for (size_t i = 0; i < 2; ++i) {
    const V16 upper = WithRounding(lanes[i]);
    const V16 lower = hn::BitCast(D16(), hn::ShiftLeft<16>(lanes[i]));
    sums[i] = hn::BitCast(D32(), hn::Add(upper, lower));
    differences[i] = hn::BitCast(D32(), hn::Sub(upper, lower));
  }
  *sum = Dot(FactorsOfLanes(sums[0], sums[1]), kOne, kOne);
  *difference = Dot(FactorsOfLanes(differences[0], differences[1]), kOne, kOne);
}

template <ShortWay kShortWay>
HWY_INLINE void Full8(const IdctGroup& group, uint8_t* out, size_t stride_bytes) {
  V16 in[8];
  for (size_t row = 0; row < 8; ++row)
    in[row] = OrderLanes<4, 0, 2, 6, 7, 1, 3, 5>(RowOf(group, row));
  V16 short_way = hn::Zero(D16());
  if constexpr (kShortWay == ShortWay::kDiffers) short_way = ShortWayLanes(group, 0);
  ClearRows<8>(group);

  constexpr int kBits = kIdctFractionBits - kIdctColumnBits;
  const LineSums<2, 4> columns =
      Inverse8(Scale<2>(hn::Add(in[0], in[4]), 1 << kIdctFractionBits, 1 << (kBits - 1)),
               Scale<2>(hn::Sub(in[0], in[4]), 1 << kIdctFractionBits, 1 << (kBits - 1)),
               Pair<2>(in[2], in[6]), Pair<2>(in[7], in[1]), Pair<2>(in[3], in[5]));
  V16 lines[8];
  for (size_t i = 0; i < 4; ++i) {
    const Sums<2> upper = columns.even[i] + columns.odd[i];
    const Sums<2> lower = columns.even[i] - columns.odd[i];
    lines[i] = Narrow<kBits>(upper.part[0], upper.part[1]);
    lines[7 - i] = Narrow<kBits>(lower.part[0], lower.part[1]);
  }
  if constexpr (kShortWay == ShortWay::kDiffers) TakeShortWay<8>(in[0], short_way, lines);

  // Lane i of lanes[k][half] is pair k of line half * 4 + i.
  V32 half[2][4];
  TransposeLanes(lines, half[0]);
  TransposeLanes(lines + 4, half[1]);
  const V32 in40[2] = {half[0][0], half[1][0]};
  Sums<2> sum;
  Sums<2> difference;
  SumAndDifference(in40, &sum, &difference);
  Store8(Inverse8(sum, difference, FactorsOfLanes(half[0][1], half[1][1]),
                  FactorsOfLanes(half[0][2], half[1][2]), FactorsOfLanes(half[0][3], half[1][3])),
         out, stride_bytes);
}

// Two lines of four columns each a vector, so that half the columns' work does.
HWY_INLINE void Corner8(const IdctGroup& group, uint8_t* out, size_t stride_bytes) {
  V16 in[4];
  for (size_t row = 0; row < 4; ++row)
    in[row] = OrderLanes<0, 2, 1, 3, 4, 5, 6, 7>(RowOf(group, row));
  ClearRows<4>(group);

  constexpr int kBits = kIdctFractionBits - kIdctColumnBits;
  const LineSums<1, 4> columns =
      Inverse8Short(Pair<1>(in[0], in[2]), Pair<1>(in[1], in[3]), 1 << (kBits - 1));
  V32 upper[4];
  V32 lower[4];
  for (size_t i = 0; i < 4; ++i) {
    upper[i] = (columns.even[i] + columns.odd[i]).part[0];
    lower[3 - i] = (columns.even[i] - columns.odd[i]).part[0];
  }
  // Lanes of in02 and in13 are pairs of lines 0 to 3 and 4 to 7.
  const D32 d;
  V32 in02[2];
  V32 in13[2];
  for (size_t half = 0; half < 2; ++half) {
    const V32* lines = half == 0 ? upper : lower;
    const V32 even = hn::BitCast(d, Narrow<kBits>(lines[0], lines[2]));
    const V32 odd = hn::BitCast(d, Narrow<kBits>(lines[1], lines[3]));
    const hn::Repartition<int64_t, D32> d64;
    const auto a = hn::BitCast(d64, hn::InterleaveLower(d, even, odd));
    const auto b = hn::BitCast(d64, hn::InterleaveUpper(d, even, odd));
    in02[half] = hn::BitCast(d, hn::InterleaveLower(d64, a, b));
    in13[half] = hn::BitCast(d, hn::InterleaveUpper(d64, a, b));
  }
  Store8(Inverse8Short(FactorsOfLanes(in02[0], in02[1]), FactorsOfLanes(in13[0], in13[1]),
                       kRowRounding << kIdctFractionBits),
         out, stride_bytes);
}

// The sample of a block that has only coefficient 0, in all bytes of its 128-bit block. Such a
// block takes the short way.
HWY_INLINE V8 FlatSamples(V16 values) {
  return hn::TableLookupBytes(PackSamples(values, values), hn::Zero(D8()));
}
HWY_INLINE V8 FlatSamples(const IdctGroup& group) {
  const V16 line = hn::ShiftLeft<kIdctColumnBits>(RowOf(group, 0));
  // At 32 bits the sum is exact. Where it saturates here, the sample does too.
  const V16 rounded = hn::SaturatedAdd(line, hn::Set(D16(), kRowRounding));
  return FlatSamples(hn::ShiftRight<kIdctColumnBits + 3>(rounded));
}

HWY_INLINE void Flat8(const IdctGroup& group, uint8_t* out, size_t stride_bytes) {
  const V8 samples = FlatSamples(group);
  ClearRows<1>(group);
  for (size_t y = 0; y < 8; y += 2) StoreTwoRows(samples, out + y * stride_bytes, stride_bytes);
}

// Rows of kSide samples a block, one after the other in `rows`.
template <size_t kSide>
HWY_INLINE void StoreRows(V8 rows, const IdctGroup& group) {
  HWY_ALIGN uint8_t bytes[kVectorBytes];
  hn::Store(rows, D8(), bytes);
  for (size_t y = 0; y < kSide; ++y) {
    const uint8_t* from = bytes + y * kSide * kGroupBlocks;
    uint8_t* to = group.out + y * group.stride_bytes;
    // Of fixed size where it is a whole group: that is a move.
    if (group.blocks == kGroupBlocks) {
      std::memcpy(to, from, kSide * kGroupBlocks);
    } else {
      std::memcpy(to, from, kSide * group.blocks);
    }
  }
}

template <ShortWay kShortWay>
HWY_INLINE void Full4(const IdctGroup& group) {
  V16 in[8];
  for (size_t row = 0; row < 8; ++row) {
    if (row != 4) in[row] = OrderLanes<4, 0, 2, 6, 1, 3, 5, 7>(RowOf(group, row));
  }
  V16 short_way = hn::Zero(D16());
  if constexpr (kShortWay == ShortWay::kDiffers) short_way = ShortWayLanes(group, 4);
  ClearRows<8>(group);

  constexpr int kScaleBits = kIdctFractionBits + 1;
  constexpr int kBits = kScaleBits - kIdctColumnBits;
  const LineSums<2, 2> columns =
      Inverse4(Scale<2>(in[0], 1 << kScaleBits, 1 << (kBits - 1)), Pair<2>(in[2], in[6]),
               Pair<2>(in[1], in[3]), Pair<2>(in[5], in[7]));
  V16 lines[4];
  for (size_t i = 0; i < 2; ++i) {
    const Sums<2> upper = columns.even[i] + columns.odd[i];
    const Sums<2> lower = columns.even[i] - columns.odd[i];
    lines[i] = Narrow<kBits>(upper.part[0], upper.part[1]);
    lines[3 - i] = Narrow<kBits>(lower.part[0], lower.part[1]);
  }
  if constexpr (kShortWay == ShortWay::kDiffers) TakeShortWay<4>(in[0], short_way, lines);

  V32 pairs[4];
  TransposeLanes(lines, pairs);
  const V32 base = hn::BitCast(D32(), WithRounding(pairs[0]));
  const LineSums<1, 2> rows =
      Inverse4(Dot(FactorsOfLanes(base), 1 << kScaleBits, 1 << kScaleBits),
               FactorsOfLanes(pairs[1]), FactorsOfLanes(pairs[2]), FactorsOfLanes(pairs[3]));
  constexpr int kRowBits = kScaleBits + kIdctColumnBits + 3;
  const V16 c01 = NarrowInterleaved<kRowBits>(rows.Sample<0>().part[0], rows.Sample<1>().part[0]);
  const V16 c23 = NarrowInterleaved<kRowBits>(rows.Sample<2>().part[0], rows.Sample<3>().part[0]);
  const V16 samples = OrderLanes<0, 4, 1, 5, 2, 6, 3, 7>(hn::BitCast(D16(), PackSamples(c01, c23)));
  StoreRows<4>(GatherLanes<1>(hn::BitCast(D8(), samples)), group);
}

HWY_INLINE void Flat4(const IdctGroup& group) {
  const V8 samples = FlatSamples(group);
  ClearRows<1>(group);
  StoreRows<4>(GatherLanes<1>(samples), group);
}

// The first four bytes of each 128-bit block are its two rows.
HWY_INLINE void StoreRows2(V8 blocks, const IdctGroup& group) {
  V16 rows = hn::BitCast(D16(), GatherLanes<1>(blocks));
  if constexpr (kGroupBlocks == 4) rows = OrderLanes<0, 2, 4, 6, 1, 3, 5, 7>(rows);
  if constexpr (kGroupBlocks == 2) rows = OrderLanes<0, 2, 1, 3, 4, 5, 6, 7>(rows);
  StoreRows<2>(hn::BitCast(D8(), rows), group);
}

HWY_INLINE void Full2(const IdctGroup& group) {
  V16 in[8];
  for (const size_t row : {0, 1, 3, 5, 7})
    in[row] = OrderLanes<0, 2, 4, 6, 1, 3, 5, 7>(RowOf(group, row));
  ClearRows<8>(group);

  constexpr int kScaleBits = kIdctFractionBits + 2;
  constexpr int kBits = kScaleBits - kIdctColumnBits;
  // 2^15 is no weight of 16 bits.
  const Sums<2> half = Scale<2>(in[0], 1 << (kScaleBits - 1), 1 << (kBits - 2));
  const Sums<2> base = half + half;
  const Sums<2> odd = Odd2(Pair<2>(in[1], in[3]), Pair<2>(in[5], in[7]));
  const Sums<2> upper = base + odd;
  const Sums<2> lower = base - odd;

  // Lanes of each 128-bit block: the odd columns of the upper line, those of the lower one.
  const D32 d;
  const V16 lines = Narrow<kBits>(upper.part[1], lower.part[1]);
  HWY_ALIGN static constexpr int16_t kWeights[8] = {k3_624, -k1_272, k0_850, -k0_720,
                                                    k3_624, -k1_272, k0_850, -k0_720};
  V32 row_odd = DotOfNeighbours(lines, hn::LoadDup128(D16(), kWeights));
  row_odd = hn::Add(row_odd, hn::Shuffle2301(row_odd));
  // Column 0 is neither saturated nor narrowed. Twice each, as the sums of the odd ones are.
  const V32 zeroth = hn::ShiftRight<kBits>(hn::InterleaveLower(d, upper.part[0], lower.part[0]));
  const V32 row_base = hn::Add(hn::ShiftLeft<kScaleBits>(hn::InterleaveLower(d, zeroth, zeroth)),
                               hn::Set(d, kRowRounding << kScaleBits));
  const V32 both = hn::OddEven(hn::Sub(row_base, row_odd), hn::Add(row_base, row_odd));
  const V16 narrow = Narrow<kScaleBits + kIdctColumnBits + 3>(both, both);
  StoreRows2(PackSamples(narrow, narrow), group);
}

// There is no short way to two samples, and the last sum wraps.
HWY_INLINE void Flat2(const IdctGroup& group) {
  const V16 sum = hn::Add(hn::ShiftLeft<1>(RowOf(group, 0)), hn::Set(D16(), 8));
  ClearRows<1>(group);
  StoreRows2(FlatSamples(hn::ShiftRight<4>(sum)), group);
}

// The mean of each block. libjpeg looks it up in a table of 1024 by its low bits, so that what is
// far outside comes round.
HWY_INLINE void Mean1(const IdctGroup& group) {
  for (size_t b = 0; b < group.blocks; ++b) {
    const int32_t sum = group.coefficients[b * 8] * group.divisors[b * 8] + 4;
    const auto low_bits = static_cast<int16_t>(static_cast<uint32_t>(sum) << 3);
    group.out[b] = static_cast<uint8_t>(std::clamp(low_bits >> 6, -128, 127) + 128);
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_IDCT_BLOCKS_INL_H_
