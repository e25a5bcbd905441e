#include "simd/point.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "simd/reference_colour.h"
#include "simd/vbmi.h"
#include "simd/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/point.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/byte_table-inl.h"
#include "simd/channels-inl.h"
#include "simd/gray-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void ApplyTablesOnTarget(const ConstImageView& source, const PointTables& tables,
                         const ImageView& target) {
  reference::ApplyTables(source, tables, target);
}
void FindMinMaxOnTarget(const ConstImageView& source, uint8_t* low, uint8_t* high) {
  reference::FindMinMax(source, low, high);
}
uint64_t GraySumOnTarget(const ConstImageView& source) { return reference::GraySum(source); }

#else

constexpr size_t kThree = 3 * kVectorBytes;

// ------------------------------------------------------------------ tables

template <class Table>
void ApplyOneTable(const ConstImageView& source, const PointTables& tables,
                   const ImageView& target) {
  const Table table(tables.of[0]);
  MapPicture<kThree>(source, target, [&](const uint8_t* from, uint8_t* to) HWY_ATTR {
    V8 v[3];
    LoadThree(from, v);
    table.template LookUp<3>(v);
    StoreThree(v, to);
  });
}

template <class Table>
void ApplyThreeTables(const ConstImageView& source, const PointTables& tables,
                      const ImageView& target) {
  const Rotation<kVectorBytes> rotation;
  const Table table[3] = {Table(tables.of[0]), Table(tables.of[1]), Table(tables.of[2])};
  MapPicture<kThree>(source, target, [&](const uint8_t* from, uint8_t* to) HWY_ATTR {
    V8 v[3];
    LoadThree(from, v);
    rotation.ToChannels(v);
    for (size_t c = 0; c < 3; ++c) table[c].template LookUp<1>(v + c);
    rotation.ToTurns(v);
    StoreThree(v, to);
  });
}

template <class Table>
void ApplyBy(const ConstImageView& source, const PointTables& tables, const ImageView& target) {
  if (tables.same || source.channels == 1) {
    ApplyOneTable<Table>(source, tables, target);
  } else {
    ApplyThreeTables<Table>(source, tables, target);
  }
}

void ApplyTablesOnTarget(const ConstImageView& source, const PointTables& tables,
                         const ImageView& target) {
#if HEADRACE_HAVE_VBMI
  if (UseVnni() && UseVbmi()) return ApplyBy<VbmiTable>(source, tables, target);
#endif
  ApplyBy<ByteTable>(source, tables, target);
}

// ------------------------------------------------------------------ statistics

void FindMinMaxOnTarget(const ConstImageView& source, uint8_t* low, uint8_t* high) {
  const D8 d;
  const Runs runs = RunsOf(source, RowsTouch(source));
  if (runs.bytes < kThree) return reference::FindMinMax(source, low, high);
  // Byte p of vector n is of channel (n * kVectorBytes + p) % channels in every step.
  V8 low0 = hn::Set(d, 255), low1 = low0, low2 = low0;
  V8 high0 = hn::Zero(d), high1 = high0, high2 = high0;
  for (uint32_t y = 0; y < runs.count; ++y) {
    const uint8_t* row = source.Row(y);
    for (size_t i = 0; i < runs.bytes; i += kThree) {
      V8 v[3];
      LoadThree(row + std::min(i, runs.bytes - kThree), v);
      low0 = hn::Min(low0, v[0]);
      low1 = hn::Min(low1, v[1]);
      low2 = hn::Min(low2, v[2]);
      high0 = hn::Max(high0, v[0]);
      high1 = hn::Max(high1, v[1]);
      high2 = hn::Max(high2, v[2]);
    }
  }
  alignas(64) uint8_t lows[kThree];
  alignas(64) uint8_t highs[kThree];
  const V8 all_lows[3] = {low0, low1, low2};
  const V8 all_highs[3] = {high0, high1, high2};
  StoreThree(all_lows, lows);
  StoreThree(all_highs, highs);
  // As pictures of one row, so that it is the twin that tells the channels apart.
  const auto pixels = static_cast<uint32_t>(kThree / source.channels);
  uint8_t unused[3];
  reference::FindMinMax({lows, pixels, 1, source.channels, kThree}, low, unused);
  reference::FindMinMax({highs, pixels, 1, source.channels, kThree}, unused, high);
}

uint64_t SumOfBytesOf(const ConstImageView& source) {
  const D8 d;
  const hn::Repartition<uint64_t, D8> d64;
  auto sum = hn::Zero(d64);
  ReadPicture<kVectorBytes>(source, [&](const uint8_t* from) HWY_ATTR {
    sum = hn::Add(sum, hn::SumsOf8(hn::LoadU(d, from)));
  });
  return hn::GetLane(hn::SumOfLanes(d64, sum));
}

template <class Pixels>
uint64_t SumOfGrayOf(const ConstImageView& source) {
  const hn::Repartition<uint64_t, D8> d64;
  const Pixels pixels;
  auto sum = hn::Zero(d64);
  ReadPicture<kThree>(source, [&](const uint8_t* from) HWY_ATTR {
    V8 rgb[3];
    pixels.Load(from, rgb);
    const GrayHalves gray = GrayOf(rgb);
    sum = hn::Add(sum, hn::SumsOf8(Clamped(gray.lower, gray.upper)));
  });
  return hn::GetLane(hn::SumOfLanes(d64, sum));
}

uint64_t GraySumOnTarget(const ConstImageView& source) {
  if (source.channels == 1) return SumOfBytesOf(source);
#if HEADRACE_HAVE_VBMI
  if (UseVnni() && UseVbmi()) return SumOfGrayOf<PixelsByVbmi>(source);
#endif
  return SumOfGrayOf<PixelsByBlocks>(source);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(ApplyTablesOnTarget);
HWY_EXPORT(FindMinMaxOnTarget);
HWY_EXPORT(GraySumOnTarget);

// Neighbouring values are often equal, and a count that was just written is slow to read again: so
// neighbours are counted apart. No vector instruction counts.
template <size_t kChannels>
void CountRows(const ConstImageView& source, uint32_t rows, size_t row_bytes,
               ChannelHistograms* histograms) {
  constexpr size_t kApart = 4;
  constexpr size_t kStep = 8 * kChannels;
  static_assert(std::endian::native == std::endian::little, "byte k of memory is byte k of a word");
  uint32_t counts[kApart][kChannels][256] = {};
  for (uint32_t y = 0; y < rows; ++y) {
    const uint8_t* row = source.Row(y);
    size_t i = 0;
    for (; i + kStep <= row_bytes; i += kStep) {
      for (size_t w = 0; w < kChannels; ++w) {
        uint64_t word;
        std::memcpy(&word, row + i + 8 * w, 8);
        for (size_t k = 0; k < 8; ++k) {
          const size_t at = 8 * w + k;
          ++counts[at / kChannels % kApart][at % kChannels][word >> (8 * k) & 0xFF];
        }
      }
    }
    for (; i < row_bytes; ++i) ++counts[0][i % kChannels][row[i]];
  }
  for (size_t c = 0; c < kChannels; ++c) {
    for (size_t v = 0; v < 256; ++v) {
      histograms->of[c][v] = counts[0][c][v] + counts[1][c][v] + counts[2][c][v] + counts[3][c][v];
    }
  }
}

}  // namespace

void ApplyTables(const ConstImageView& source, const PointTables& tables, const ImageView& target) {
  HR_DCHECK(AreAlike(source, target));
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  HWY_DYNAMIC_DISPATCH(ApplyTablesOnTarget)(source, tables, target);
}

void CountValues(const ConstImageView& source, ChannelHistograms* histograms) {
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  const bool one_run = source.stride_bytes == source.row_bytes();
  const uint32_t rows = one_run ? 1 : source.height;
  const size_t row_bytes = one_run ? source.row_bytes() * source.height : source.row_bytes();
  if (source.channels == 3) return CountRows<3>(source, rows, row_bytes, histograms);
  CountRows<1>(source, rows, row_bytes, histograms);
  std::copy_n(histograms->of[0], 256, histograms->of[1]);
  std::copy_n(histograms->of[0], 256, histograms->of[2]);
}

void FindMinMax(const ConstImageView& source, uint8_t low[3], uint8_t high[3]) {
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  HR_DCHECK(source.width > 0 && source.height > 0);
  HWY_DYNAMIC_DISPATCH(FindMinMaxOnTarget)(source, low, high);
}

uint64_t GraySum(const ConstImageView& source) {
  HR_DCHECK(source.channels == 1 || source.channels == 3);
  return HWY_DYNAMIC_DISPATCH(GraySumOnTarget)(source);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
