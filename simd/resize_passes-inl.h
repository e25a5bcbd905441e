// The two passes of the resize. Included once per target.
//
// Across a row neighbouring outputs read different pixels, which suits no vector. So the horizontal
// pass takes as many rows as a vector has lanes, turns them on their side ("columns": one lane per
// row), sums columns without any shuffle, and turns the bytes back.
#if defined(HEADRACE_SIMD_RESIZE_PASSES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_RESIZE_PASSES_INL_H_
#undef HEADRACE_SIMD_RESIZE_PASSES_INL_H_
#else
#define HEADRACE_SIMD_RESIZE_PASSES_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/image_view.h"
#include "hwy/highway.h"
#include "simd/resize_dot-inl.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

template <class Dot>
void ResizeColumns(const ConstImageView& source, const PackedAxis& axis, int32_t*,
                   const ImageView& target) {
  const size_t channels = source.channels;
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* row = source.Row(y);
    uint8_t* out = target.Row(y);
    for (uint32_t x = 0; x < axis.out_px; ++x) {
      const PackedWindow window = axis.windows[x];
      const int32_t* weights = axis.Digits(x);
      for (size_t c = 0; c < channels; ++c) {
        int32_t sum = kRounding;
        for (size_t k = 0; k < window.elements; ++k) {
          sum += row[(window.first + k) * channels + c] * weights[k];
        }
        *out++ = PixelOfSum(sum);
      }
    }
  }
}

template <class Dot>
void ResizeRows(const ConstImageView& source, const PackedAxis& axis, const ImageView& target) {
  for (uint32_t y = 0; y < axis.out_px; ++y) {
    const PackedWindow window = axis.windows[y];
    SumRowsPlain<Dot>(source.Row(window.first), source.stride_bytes, source.height - window.first,
                      window, axis.Digits(y), 0, source.row_bytes(), target.Row(y));
  }
}

#else

// A sum goes through the digits from the lowest up: what the digits below leave after a shift is
// all that matters to the next, and the result has the low bits cut off.
template <class Dot>
constexpr int kBitsCut = Dot::kDigitBits*(static_cast<int>(Dot::kDigits) - 1);
template <class Dot>
constexpr int kBitsLeft = kWeightBits - kBitsCut<Dot>;

// The same from sums of each digit on its own, whose low digits may wrap around when windows are
// long; together they do not.
template <class Dot>
HWY_INLINE V32 Joined(const V32* sums) {
  V32 joined = sums[0];
  for (size_t i = 1; i < Dot::kDigits; ++i) {
    joined = hn::Add(hn::ShiftLeft<Dot::kDigitBits>(joined), sums[i]);
  }
  return hn::ShiftRight<kBitsCut<Dot>>(joined);
}
template <class Dot>
HWY_INLINE V32 FirstOfDigit(size_t digit) {
  return hn::Set(D32(), digit == 0 ? kRounding >> kBitsCut<Dot> : 0);
}

// In each block the 8 lanes of `a`, then those of `b`, limited to 0 to 255. Highway 1.0 narrows two
// vectors to one for wider lanes only.
HWY_INLINE V8 NarrowToBytes(hn::Vec<D16> a, hn::Vec<D16> b) {
#if HWY_ARCH_X86 && HWY_MAX_BYTES == 64
  return V8{_mm512_packus_epi16(a.raw, b.raw)};
#elif HWY_ARCH_X86 && HWY_MAX_BYTES == 32
  return V8{_mm256_packus_epi16(a.raw, b.raw)};
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
  return V8{_mm_packus_epi16(a.raw, b.raw)};
#else
  static_assert(HWY_MAX_BYTES == 16);
  const hn::Half<D8> half;
  return hn::Combine(D8(), hn::DemoteTo(half, b), hn::DemoteTo(half, a));
#endif
}

// Four vectors of sums to bytes: each block has those of s0, then those of s1, s2, s3.
template <class Dot>
HWY_INLINE V8 PackSums(V32 s0, V32 s1, V32 s2, V32 s3) {
  const D16 d16;
  constexpr int kLeft = kBitsLeft<Dot>;
  if constexpr (kLeft + 8 < 16) {
    // With the lobes of any filter a sum has a few bits more than a pixel: it fits 16.
    const auto low = hn::ReorderDemote2To(d16, s0, s1);
    const auto high = hn::ReorderDemote2To(d16, s2, s3);
    return NarrowToBytes(hn::ShiftRight<kLeft>(low), hn::ShiftRight<kLeft>(high));
  } else {
    const auto low =
        hn::ReorderDemote2To(d16, hn::ShiftRight<kLeft>(s0), hn::ShiftRight<kLeft>(s1));
    const auto high =
        hn::ReorderDemote2To(d16, hn::ShiftRight<kLeft>(s2), hn::ShiftRight<kLeft>(s3));
    return NarrowToBytes(low, high);
  }
}

// Shuffles packed sums so that each lane has a byte of each of the four vectors.
inline V8 LaneOrder() {
  alignas(16) uint8_t index[16];
  for (size_t i = 0; i < 16; ++i) index[i] = static_cast<uint8_t>(i % 4 * 4 + i / 4);
  return hn::LoadDup128(D8(), index);
}

// ------------------------------------------------------------------ horizontal

// How a group of pixels of one row becomes elements: `loads` loads of 16 bytes inside the group,
// each giving `elements` lanes.
template <class Dot, size_t kChannels>
struct Group {
  static constexpr size_t kPixels = kChannels == 1 ? 16 : kChannels == 3 ? 8 : 4;
  static constexpr size_t kBytes = kPixels * kChannels;
  static constexpr size_t kElements = kBytes / Dot::kTaps;
  static constexpr size_t kLoads = (kElements + 3) / 4;
  static constexpr size_t kPerLoad = kElements / kLoads;
  static_assert(kPerLoad * kLoads == kElements && kPerLoad <= 4);

  // The first byte of an element's first pixel: element e * channels + c is channel c of taps
  // e * kTaps onwards.
  static constexpr size_t FirstByte(size_t element) {
    return element / kChannels * Dot::kTaps * kChannels + element % kChannels;
  }
  // From the first byte that the load needs, but so that it ends inside the group.
  static constexpr size_t Offset(size_t load) {
    return std::min(FirstByte(load * kPerLoad), kBytes - 16);
  }
  // Where each byte of the lanes of every load comes from; 0x80 makes a zero. One array in memory,
  // because g++ 12 fails on arrays of one vector.
  struct Shuffles {
    alignas(16) uint8_t index[kLoads * 16];
    constexpr Shuffles() : index() {
      for (size_t load = 0; load < kLoads; ++load) {
        for (size_t i = 0; i < 16; ++i) index[load * 16 + i] = 0x80;
        for (size_t i = 0; i < kPerLoad; ++i) {
          for (size_t tap = 0; tap < Dot::kTaps; ++tap) {
            index[load * 16 + 4 * i + tap * (4 / Dot::kTaps)] = static_cast<uint8_t>(
                FirstByte(load * kPerLoad + i) + tap * kChannels - Offset(load));
          }
        }
      }
    }
  };
};

// One group of kLanes rows to columns: lane r of element e is row r's.
template <class Dot, size_t kChannels>
HWY_INLINE void TurnGroup(const uint8_t* const* rows, size_t offset, const uint8_t* shuffles,
                          int32_t* HWY_RESTRICT columns) {
  using G = Group<Dot, kChannels>;
  const D32 d;
  for (size_t load = 0; load < G::kLoads; ++load) {
    const size_t at = offset + G::Offset(load);
    const V8 shuffle = hn::LoadDup128(D8(), shuffles + load * 16);
    V32 v[4];
    for (size_t j = 0; j < 4; ++j) {
      v[j] = hn::BitCast(d, hn::TableLookupBytesOr0(LoadBlocks<4>(rows + j, at), shuffle));
    }
    TransposeBlocks(D32(), v[0], v[1], v[2], v[3]);
    for (size_t j = 0; j < G::kPerLoad; ++j) {
      hn::Store(v[j], d, columns + (load * G::kPerLoad + j) * kLanes);
    }
  }
}

// kLanes rows of `width` pixels to columns; the last group is filled up with zeros.
template <class Dot, size_t kChannels>
void TurnRows(const uint8_t* const* rows, size_t width, int32_t* HWY_RESTRICT columns) {
  using G = Group<Dot, kChannels>;
  static constexpr typename G::Shuffles kShuffles;
  size_t x = 0;
  for (; x + G::kPixels <= width; x += G::kPixels) {
    TurnGroup<Dot, kChannels>(rows, x * kChannels, kShuffles.index, columns);
    columns += G::kElements * kLanes;
  }
  if (x == width) return;
  uint8_t tails[kLanes][G::kBytes] = {};
  const uint8_t* tail_rows[kLanes];
  for (size_t r = 0; r < kLanes; ++r) {
    std::memcpy(tails[r], rows[r] + x * kChannels, (width - x) * kChannels);
    tail_rows[r] = tails[r];
  }
  TurnGroup<Dot, kChannels>(tail_rows, 0, kShuffles.index, columns);
}

// The sums of one output pixel, all channels, lanes are rows. Short windows of a known length go
// through the elements once a digit, so that no sums need joining.
template <class Dot, size_t kChannels, size_t kElements>
HWY_INLINE void SumShortWindow(const int32_t* HWY_RESTRICT columns,
                               const int32_t* HWY_RESTRICT digits, V32* sums) {
  const D32 d;
  for (size_t c = 0; c < kChannels; ++c) sums[c] = hn::Set(d, kRounding);
  for (size_t i = Dot::kDigits; i-- > 0;) {
    for (size_t c = 0; i + 1 < Dot::kDigits && c < kChannels; ++c) {
      sums[c] = hn::ShiftRight<Dot::kDigitBits>(sums[c]);
    }
    for (size_t e = 0; e < kElements; ++e) {
      const V32 digit = hn::Set(d, digits[(e * Dot::kDigits + i) * kChunk]);
      for (size_t c = 0; c < kChannels; ++c) {
        const V32 data = hn::Load(d, columns + (e * kChannels + c) * kLanes);
        sums[c] = Dot::MulAdd(sums[c], data, digit);
      }
    }
  }
}

template <class Dot, size_t kChannels>
HWY_INLINE void SumLongWindow(const int32_t* HWY_RESTRICT columns, uint32_t elements,
                              const int32_t* HWY_RESTRICT digits, V32* sums) {
  const D32 d;
  V32 sum[kChannels][Dot::kDigits];
  for (size_t c = 0; c < kChannels; ++c) {
    for (size_t i = 0; i < Dot::kDigits; ++i) sum[c][i] = FirstOfDigit<Dot>(i);
  }
  for (uint32_t e = 0; e < elements; ++e) {
    V32 digit[Dot::kDigits];
    for (size_t i = 0; i < Dot::kDigits; ++i) digit[i] = hn::Set(d, digits[i * kChunk]);
    for (size_t c = 0; c < kChannels; ++c) {
      const V32 data = hn::Load(d, columns + c * kLanes);
      for (size_t i = 0; i < Dot::kDigits; ++i) {
        sum[c][i] = Dot::MulAdd(sum[c][i], data, digit[i]);
      }
    }
    digits += Dot::kDigits * kChunk;
    columns += kChannels * kLanes;
  }
  for (size_t c = 0; c < kChannels; ++c) sums[c] = Joined<Dot>(sum[c]);
}

template <class Dot, size_t kChannels>
HWY_INLINE void SumColumns(const int32_t* HWY_RESTRICT columns, const PackedWindow& window,
                           const int32_t* HWY_RESTRICT digits, V32* sums) {
  columns += size_t{window.first} * kChannels * kLanes;
  switch (window.elements) {
    case 1: return SumShortWindow<Dot, kChannels, 1>(columns, digits, sums);
    case 2: return SumShortWindow<Dot, kChannels, 2>(columns, digits, sums);
    case 3: return SumShortWindow<Dot, kChannels, 3>(columns, digits, sums);
    default: return SumLongWindow<Dot, kChannels>(columns, window.elements, digits, sums);
  }
}

// Output pixels [x, x + 16) of kLanes rows; `out` points to where byte x * channels of each row
// goes. Pixels beyond the last are left as they are or repeat it.
template <class Dot, size_t kChannels>
HWY_INLINE void SixteenPixels(const int32_t* HWY_RESTRICT columns, const PackedAxis& axis,
                              uint32_t x, V8 order, uint8_t* const* out, size_t offset) {
  const D8 d8;
  const uint32_t last = axis.out_px - 1;
  // Word w of the 16 pixels' bytes, lanes are rows.
  V32 words[4 * kChannels];
  for (uint32_t four = 0; four < 4; ++four) {
    V32 sums[4 * kChannels];
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t pixel = std::min(x + four * 4 + i, last);
      SumColumns<Dot, kChannels>(columns, axis.windows[pixel], axis.Digits(pixel),
                                 sums + i * kChannels);
    }
    for (size_t w = 0; w < kChannels; ++w) {
      const V8 packed =
          PackSums<Dot>(sums[4 * w], sums[4 * w + 1], sums[4 * w + 2], sums[4 * w + 3]);
      words[four * kChannels + w] = hn::BitCast(D32(), hn::TableLookupBytes(packed, order));
    }
  }
  for (size_t w = 0; w < kChannels; ++w) {
    V32* v = words + 4 * w;
    TransposeBlocks(D32(), v[0], v[1], v[2], v[3]);
    for (size_t j = 0; j < 4; ++j) {
      StoreBlocks<4>(hn::BitCast(d8, v[j]), out + j, offset + w * 16);
    }
  }
}

template <class Dot, size_t kChannels>
void ResizeColumnsOf(const ConstImageView& source, const PackedAxis& axis, int32_t* columns,
                     const ImageView& target) {
  const V8 order = LaneOrder();
  uint8_t tails[kLanes][16 * kChannels];
  uint8_t* tail_rows[kLanes];
  for (size_t r = 0; r < kLanes; ++r) tail_rows[r] = tails[r];
  for (uint32_t y = 0; y < source.height; y += kLanes) {
    // Lanes beyond the last row repeat it: they write the same bytes to the same place.
    const uint8_t* from[kLanes];
    uint8_t* to[kLanes];
    for (uint32_t r = 0; r < kLanes; ++r) {
      const uint32_t row = std::min(y + r, source.height - 1);
      from[r] = source.Row(row);
      to[r] = target.Row(row);
    }
    TurnRows<Dot, kChannels>(from, source.width, columns);
    uint32_t x = 0;
    for (; x + 16 <= axis.out_px; x += 16) {
      SixteenPixels<Dot, kChannels>(columns, axis, x, order, to, size_t{x} * kChannels);
    }
    if (x == axis.out_px) continue;
    SixteenPixels<Dot, kChannels>(columns, axis, x, order, tail_rows, 0);
    for (size_t r = 0; r < kLanes; ++r) {
      std::memcpy(to[r] + size_t{x} * kChannels, tails[r], (axis.out_px - x) * kChannels);
    }
  }
}

// Filters each row; same heights. `columns` holds kLanes times the row's elements.
template <class Dot>
void ResizeColumns(const ConstImageView& source, const PackedAxis& axis, int32_t* columns,
                   const ImageView& target) {
  switch (source.channels) {
    case 1: ResizeColumnsOf<Dot, 1>(source, axis, columns, target); break;
    case 3: ResizeColumnsOf<Dot, 3>(source, axis, columns, target); break;
    default: ResizeColumnsOf<Dot, 4>(source, axis, columns, target); break;
  }
}

// ------------------------------------------------------------------ vertical

// Rows of one element at byte column `x`, joined so that a 32-bit lane is one column: lane i of
// block b of lanes[j] is column 16 b + 4 j + i.
HWY_INLINE void JoinRows(const uint8_t* const (&rows)[2], size_t x, V8* lanes) {
  const D8 d;
  const V8 zero = hn::Zero(d);
  const V8 row0 = hn::LoadU(d, rows[0] + x);
  const V8 row1 = hn::LoadU(d, rows[1] + x);
  const V8 low = hn::InterleaveLower(d, row0, row1);
  const V8 high = hn::InterleaveUpper(d, row0, row1);
  lanes[0] = hn::InterleaveLower(d, low, zero);
  lanes[1] = hn::InterleaveUpper(d, low, zero);
  lanes[2] = hn::InterleaveLower(d, high, zero);
  lanes[3] = hn::InterleaveUpper(d, high, zero);
}

HWY_INLINE void JoinRows(const uint8_t* const (&rows)[4], size_t x, V8* lanes) {
  const D8 d;
  const D16 d16;
  const V8 row0 = hn::LoadU(d, rows[0] + x);
  const V8 row1 = hn::LoadU(d, rows[1] + x);
  const V8 row2 = hn::LoadU(d, rows[2] + x);
  const V8 row3 = hn::LoadU(d, rows[3] + x);
  const auto low01 = hn::BitCast(d16, hn::InterleaveLower(d, row0, row1));
  const auto low23 = hn::BitCast(d16, hn::InterleaveLower(d, row2, row3));
  const auto high01 = hn::BitCast(d16, hn::InterleaveUpper(d, row0, row1));
  const auto high23 = hn::BitCast(d16, hn::InterleaveUpper(d, row2, row3));
  lanes[0] = hn::BitCast(d, hn::InterleaveLower(d16, low01, low23));
  lanes[1] = hn::BitCast(d, hn::InterleaveUpper(d16, low01, low23));
  lanes[2] = hn::BitCast(d, hn::InterleaveLower(d16, high01, high23));
  lanes[3] = hn::BitCast(d, hn::InterleaveUpper(d16, high01, high23));
}

// The rows that one window reads.
struct RowRange {
  const uint8_t* first;
  size_t stride;
  uint32_t left;  // down to the end of the picture

  // The rows of element e. A last element that reaches over the end has zero weights there.
  template <size_t kTaps>
  HWY_INLINE void Element(uint32_t e, const uint8_t* (&rows)[kTaps]) const {
    for (uint32_t t = 0; t < kTaps; ++t) {
      const uint32_t row = e * static_cast<uint32_t>(kTaps) + t;
      rows[t] = first + std::min(row, left - 1) * stride;
    }
  }
};

// kVectorBytes columns of one output row; sums[j] are those of lanes[j] of JoinRows. As across.
template <class Dot, size_t kElements>
HWY_INLINE void SumShortWindow(const RowRange& range, const int32_t* HWY_RESTRICT digits, size_t x,
                               V32* sums) {
  const D32 d;
  V8 lanes[kElements][4];
  for (uint32_t e = 0; e < kElements; ++e) {
    const uint8_t* rows[Dot::kTaps];
    range.Element(e, rows);
    JoinRows(rows, x, lanes[e]);
  }
  for (size_t j = 0; j < 4; ++j) sums[j] = hn::Set(d, kRounding);
  for (size_t i = Dot::kDigits; i-- > 0;) {
    for (size_t j = 0; i + 1 < Dot::kDigits && j < 4; ++j) {
      sums[j] = hn::ShiftRight<Dot::kDigitBits>(sums[j]);
    }
    for (size_t e = 0; e < kElements; ++e) {
      const V32 digit = hn::Set(d, digits[(e * Dot::kDigits + i) * kChunk]);
      for (size_t j = 0; j < 4; ++j) {
        sums[j] = Dot::MulAdd(sums[j], hn::BitCast(d, lanes[e][j]), digit);
      }
    }
  }
}

template <class Dot>
HWY_INLINE void SumLongWindow(const RowRange& range, uint32_t elements,
                              const int32_t* HWY_RESTRICT digits, size_t x, V32* sums) {
  const D32 d;
  V32 sum[4][Dot::kDigits];
  for (size_t j = 0; j < 4; ++j) {
    for (size_t i = 0; i < Dot::kDigits; ++i) sum[j][i] = FirstOfDigit<Dot>(i);
  }
  for (uint32_t e = 0; e < elements; ++e) {
    const uint8_t* rows[Dot::kTaps];
    range.Element(e, rows);
    V8 lanes[4];
    JoinRows(rows, x, lanes);
    for (size_t i = 0; i < Dot::kDigits; ++i) {
      const V32 digit = hn::Set(d, digits[i * kChunk]);
      for (size_t j = 0; j < 4; ++j) {
        sum[j][i] = Dot::MulAdd(sum[j][i], hn::BitCast(d, lanes[j]), digit);
      }
    }
    digits += Dot::kDigits * kChunk;
  }
  for (size_t j = 0; j < 4; ++j) sums[j] = Joined<Dot>(sum[j]);
}

// One output row: `sum` fills the four sums of the columns at x.
template <class Dot, class Function>
HWY_INLINE void SumRow(size_t bytes, uint8_t* HWY_RESTRICT out, const Function& sum) {
  const D8 d8;
  for (size_t x = 0; x < bytes; x += kVectorBytes) {
    // The last vector ends with the row; some columns are made twice.
    const size_t at = std::min(x, bytes - kVectorBytes);
    V32 sums[4];
    sum(at, sums);
    hn::StoreU(PackSums<Dot>(sums[0], sums[1], sums[2], sums[3]), d8, out + at);
  }
}

// Filters each column; same widths.
template <class Dot>
void ResizeRows(const ConstImageView& source, const PackedAxis& axis, const ImageView& target) {
  const size_t bytes = source.row_bytes();
  for (uint32_t y = 0; y < axis.out_px; ++y) {
    const PackedWindow window = axis.windows[y];
    const int32_t* digits = axis.Digits(y);
    const RowRange range = {source.Row(window.first), source.stride_bytes,
                            source.height - window.first};
    uint8_t* out = target.Row(y);
    if (bytes < kVectorBytes) {
      SumRowsPlain<Dot>(range.first, range.stride, range.left, window, digits, 0, bytes, out);
      continue;
    }
    switch (window.elements) {
      case 1:
        SumRow<Dot>(bytes, out, [&](size_t x, V32* sums) HWY_ATTR {
          SumShortWindow<Dot, 1>(range, digits, x, sums);
        });
        break;
      case 2:
        SumRow<Dot>(bytes, out, [&](size_t x, V32* sums) HWY_ATTR {
          SumShortWindow<Dot, 2>(range, digits, x, sums);
        });
        break;
      default:
        SumRow<Dot>(bytes, out, [&](size_t x, V32* sums) HWY_ATTR {
          SumLongWindow<Dot>(range, window.elements, digits, x, sums);
        });
        break;
    }
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_RESIZE_PASSES_INL_H_
