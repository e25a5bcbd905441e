// The two passes of the resize. Included once per target.
//
// A sum of u8 pixels times 22-bit weights needs 32-bit products, which are slow or missing. Here a
// weight is split into digits that 16-bit multiply-adds of neighbouring taps can take; the digit
// sums are exact in 32 bits and joined at the end, so the result has the bits of the plain sum.
//
// Across a row neighbouring outputs read different pixels, which suits no vector. So the horizontal
// pass takes as many rows as a vector has lanes, turns them on their side ("columns": one lane per
// row), sums columns without any shuffle, and turns the bytes back.
#if defined(HEADRACE_SIMD_RESIZE_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_RESIZE_KERNELS_INL_H_
#undef HEADRACE_SIMD_RESIZE_KERNELS_INL_H_
#else
#define HEADRACE_SIMD_RESIZE_KERNELS_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/image_view.h"
#include "hwy/highway.h"
#include "simd/resize_weights.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int32_t kRounding = 1 << (kWeightBits - 1);

// The windows of one axis. An element is Dot::kTaps neighbouring taps; its weights are Dot::kDigits
// words. Elements of the horizontal pass start at multiples of kTaps; weights that fill them up are
// zero.
struct PackedWindow {
  uint32_t first;     // element (horizontal) or row (vertical)
  uint32_t elements;  // at least 1
};
struct PackedAxis {
  const PackedWindow* windows;
  const int32_t* digits;  // of window i from i * digits_stride
  size_t digits_stride;
  uint32_t out_px;
};

#if HWY_TARGET == HWY_SCALAR

// One tap, one digit: the weight itself.
struct Dot {
  static constexpr size_t kTaps = 1;
  static constexpr size_t kDigits = 1;
  static void Split(int32_t weight, size_t, int32_t* digits) { digits[0] = weight; }
  static int32_t Weight(const int32_t* digits, size_t) { return digits[0]; }
};

#else

// Two taps, two digits: weight = high * 2^11 + low, 0 <= low < 2^11. A word has the digits of both
// taps, as a lane of data has both pixels, widened to 16 bits.
struct Dot {
  static constexpr size_t kTaps = 2;
  static constexpr size_t kDigits = 2;
  static constexpr int kLowBits = 11;

  static void Split(int32_t weight, size_t tap, int32_t* digits) {
    const uint32_t high = static_cast<uint32_t>(weight >> kLowBits) & 0xFFFF;
    const uint32_t low = static_cast<uint32_t>(weight) & ((1u << kLowBits) - 1);
    digits[0] = static_cast<int32_t>(static_cast<uint32_t>(digits[0]) | high << (16 * tap));
    digits[1] = static_cast<int32_t>(static_cast<uint32_t>(digits[1]) | low << (16 * tap));
  }
  static int32_t Weight(const int32_t* digits, size_t tap) {
    const auto high = static_cast<int16_t>(static_cast<uint32_t>(digits[0]) >> (16 * tap));
    const auto low = static_cast<int16_t>(static_cast<uint32_t>(digits[1]) >> (16 * tap));
    return high * (1 << kLowBits) + low;
  }

  // sum += the products of both 16-bit halves of each lane.
  static HWY_INLINE V32 MulAdd(V32 sum, V32 data, V32 digit) {
    const D32 d;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
    const D16 d16;
    V32 unused = hn::Zero(d);
    return hn::ReorderWidenMulAccumulate(d, hn::BitCast(d16, data), hn::BitCast(d16, digit), sum,
                                         unused);
#else
    // Elsewhere the wide multiply-add may pair other lanes.
    const V32 odd = hn::Mul(hn::ShiftRight<16>(data), hn::ShiftRight<16>(digit));
    const V32 even = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(data)),
                             hn::ShiftRight<16>(hn::ShiftLeft<16>(digit)));
    return hn::Add(sum, hn::Add(odd, even));
#endif
  }
  static HWY_INLINE V32 Start(size_t digit) {
    return digit == 0 ? hn::Zero(D32()) : hn::Set(D32(), kRounding);
  }
  static HWY_INLINE V32 Join(const V32* sums) {
    return hn::Add(hn::ShiftLeft<kLowBits>(sums[0]), sums[1]);
  }
};

#endif

// Adds one window to the tables: `fixed` holds the weights, `lead` zero weights come before them.
inline void PackWindow(const int32_t* fixed, uint32_t count, uint32_t lead, uint32_t first,
                       PackedWindow* window, int32_t* digits) {
  const uint32_t elements = static_cast<uint32_t>((lead + count + Dot::kTaps - 1) / Dot::kTaps);
  *window = {first, elements};
  std::fill_n(digits, elements * Dot::kDigits, 0);
  for (uint32_t k = 0; k < count; ++k) {
    const size_t tap = lead + k;
    Dot::Split(fixed[k], tap % Dot::kTaps, digits + tap / Dot::kTaps * Dot::kDigits);
  }
}

inline uint8_t PixelOfSum(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

// Byte columns [from, to) of one output row, without vectors. `rows` holds the window's first row.
inline void SumRowsPlain(const uint8_t* first_row, size_t stride, uint32_t rows_left,
                         const PackedWindow& window, const int32_t* digits, size_t from, size_t to,
                         uint8_t* out) {
  const size_t taps = std::min<size_t>(window.elements * Dot::kTaps, rows_left);
  for (size_t x = from; x < to; ++x) {
    int32_t sum = kRounding;
    for (size_t t = 0; t < taps; ++t) {
      const int32_t* element = digits + t / Dot::kTaps * Dot::kDigits;
      sum += first_row[t * stride + x] * Dot::Weight(element, t % Dot::kTaps);
    }
    out[x] = PixelOfSum(sum);
  }
}

#if HWY_TARGET == HWY_SCALAR

inline void ResizeColumns(const ConstImageView& source, const PackedAxis& axis, int32_t*,
                          const ImageView& target) {
  const size_t channels = source.channels;
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* row = source.Row(y);
    uint8_t* out = target.Row(y);
    for (uint32_t x = 0; x < axis.out_px; ++x) {
      const PackedWindow window = axis.windows[x];
      const int32_t* weights = axis.digits + x * axis.digits_stride;
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

inline void ResizeRows(const ConstImageView& source, const PackedAxis& axis,
                       const ImageView& target) {
  for (uint32_t y = 0; y < axis.out_px; ++y) {
    const PackedWindow window = axis.windows[y];
    SumRowsPlain(source.Row(window.first), source.stride_bytes, source.height - window.first,
                 window, axis.digits + y * axis.digits_stride, 0, source.row_bytes(),
                 target.Row(y));
  }
}

#else

// Four vectors of sums to bytes: lane i of the result has the pixels of lane i of s0, s1, s2, s3, in
// that order. The shift by 22 is one by 16 (taking the upper halves) and one by 6.
HWY_INLINE V32 PackSums(V32 s0, V32 s1, V32 s2, V32 s3) {
  const D32 d;
  const D16 d16;
  const auto zero = hn::Zero(d16);
  const auto most = hn::Set(d16, 255);
  auto even = hn::OddEven(hn::BitCast(d16, s2), hn::BitCast(d16, hn::ShiftRight<16>(s0)));
  auto odd = hn::OddEven(hn::BitCast(d16, s3), hn::BitCast(d16, hn::ShiftRight<16>(s1)));
  even = hn::Min(hn::Max(hn::ShiftRight<kWeightBits - 16>(even), zero), most);
  odd = hn::Min(hn::Max(hn::ShiftRight<kWeightBits - 16>(odd), zero), most);
  return hn::BitCast(d, hn::Or(even, hn::ShiftLeft<8>(odd)));
}

// ------------------------------------------------------------------ horizontal

// How a group of pixels of one row becomes elements: `loads` loads of 16 bytes inside the group,
// each giving `elements` lanes.
template <size_t kChannels>
struct Group {
  static constexpr size_t kPixels = kChannels == 1 ? 16 : kChannels == 3 ? 8 : 4;
  static constexpr size_t kBytes = kPixels * kChannels;
  static constexpr size_t kElements = kBytes / Dot::kTaps;
  static constexpr size_t kLoads = kChannels == 3 ? 3 : kElements / 4;
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
  // Where each byte of the lanes comes from; 0x80 makes a zero.
  static V8 Shuffle(size_t load) {
    alignas(16) uint8_t index[16];
    std::fill_n(index, 16, uint8_t{0x80});
    for (size_t i = 0; i < kPerLoad; ++i) {
      for (size_t tap = 0; tap < Dot::kTaps; ++tap) {
        index[4 * i + tap * (4 / Dot::kTaps)] = static_cast<uint8_t>(
            FirstByte(load * kPerLoad + i) + tap * kChannels - Offset(load));
      }
    }
    return hn::LoadDup128(D8(), index);
  }
};

// One group of kLanes rows to columns: lane r of element e is row r's.
template <size_t kChannels>
HWY_INLINE void TurnGroup(const uint8_t* const* rows, size_t offset, const V8* shuffles,
                          int32_t* HWY_RESTRICT columns) {
  using G = Group<kChannels>;
  const D32 d;
  for (size_t load = 0; load < G::kLoads; ++load) {
    const size_t at = offset + G::Offset(load);
    V32 v[4];
    for (size_t j = 0; j < 4; ++j) {
      v[j] = hn::BitCast(d, hn::TableLookupBytesOr0(LoadBlocks<4>(rows + j, at), shuffles[load]));
    }
    TransposeBlocks(v[0], v[1], v[2], v[3]);
    for (size_t j = 0; j < G::kPerLoad; ++j) {
      hn::Store(v[j], d, columns + (load * G::kPerLoad + j) * kLanes);
    }
  }
}

// kLanes rows of `width` pixels to columns; the last group is filled up with zeros.
template <size_t kChannels>
void TurnRows(const uint8_t* const* rows, size_t width, int32_t* HWY_RESTRICT columns) {
  using G = Group<kChannels>;
  V8 shuffles[G::kLoads];
  for (size_t load = 0; load < G::kLoads; ++load) shuffles[load] = G::Shuffle(load);
  size_t x = 0;
  for (; x + G::kPixels <= width; x += G::kPixels) {
    TurnGroup<kChannels>(rows, x * kChannels, shuffles, columns);
    columns += G::kElements * kLanes;
  }
  if (x == width) return;
  uint8_t tails[kLanes][G::kBytes] = {};
  const uint8_t* tail_rows[kLanes];
  for (size_t r = 0; r < kLanes; ++r) {
    std::memcpy(tails[r], rows[r] + x * kChannels, (width - x) * kChannels);
    tail_rows[r] = tails[r];
  }
  TurnGroup<kChannels>(tail_rows, 0, shuffles, columns);
}

// The sums of one output pixel, all channels, lanes are rows.
template <size_t kChannels>
HWY_INLINE void SumColumns(const int32_t* HWY_RESTRICT columns, const PackedWindow& window,
                           const int32_t* HWY_RESTRICT digits, V32* sums) {
  const D32 d;
  V32 sum[kChannels][Dot::kDigits];
  for (size_t c = 0; c < kChannels; ++c) {
    for (size_t i = 0; i < Dot::kDigits; ++i) sum[c][i] = Dot::Start(i);
  }
  columns += size_t{window.first} * kChannels * kLanes;
  for (uint32_t e = 0; e < window.elements; ++e) {
    V32 digit[Dot::kDigits];
    for (size_t i = 0; i < Dot::kDigits; ++i) digit[i] = hn::Set(d, digits[i]);
    for (size_t c = 0; c < kChannels; ++c) {
      const V32 data = hn::Load(d, columns + c * kLanes);
      for (size_t i = 0; i < Dot::kDigits; ++i) {
        sum[c][i] = Dot::MulAdd(sum[c][i], data, digit[i]);
      }
    }
    digits += Dot::kDigits;
    columns += kChannels * kLanes;
  }
  for (size_t c = 0; c < kChannels; ++c) sums[c] = Dot::Join(sum[c]);
}

// Output pixels [x, x + 16) of kLanes rows; `out` points to where byte x * channels of each row
// goes. Pixels beyond the last are left as they are or repeat it.
template <size_t kChannels>
HWY_INLINE void SixteenPixels(const int32_t* HWY_RESTRICT columns, const PackedAxis& axis,
                              uint32_t x, uint8_t* const* out, size_t offset) {
  const D32 d;
  const D8 d8;
  const uint32_t last = axis.out_px - 1;
  // Word w of the 16 pixels' bytes, lanes are rows.
  V32 words[4 * kChannels];
  for (uint32_t four = 0; four < 4; ++four) {
    V32 sums[4 * kChannels];
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t pixel = std::min(x + four * 4 + i, last);
      SumColumns<kChannels>(columns, axis.windows[pixel],
                            axis.digits + pixel * axis.digits_stride, sums + i * kChannels);
    }
    for (size_t w = 0; w < kChannels; ++w) {
      words[four * kChannels + w] =
          PackSums(sums[4 * w], sums[4 * w + 1], sums[4 * w + 2], sums[4 * w + 3]);
    }
  }
  for (size_t w = 0; w < kChannels; ++w) {
    V32* v = words + 4 * w;
    TransposeBlocks(v[0], v[1], v[2], v[3]);
    for (size_t j = 0; j < 4; ++j) {
      StoreBlocks<4>(hn::BitCast(d8, v[j]), out + j, offset + w * 16);
    }
  }
  (void)d;
}

template <size_t kChannels>
void ResizeColumnsOf(const ConstImageView& source, const PackedAxis& axis, int32_t* columns,
                     const ImageView& target) {
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
    TurnRows<kChannels>(from, source.width, columns);
    uint32_t x = 0;
    for (; x + 16 <= axis.out_px; x += 16) {
      SixteenPixels<kChannels>(columns, axis, x, to, size_t{x} * kChannels);
    }
    if (x == axis.out_px) continue;
    SixteenPixels<kChannels>(columns, axis, x, tail_rows, 0);
    for (size_t r = 0; r < kLanes; ++r) {
      std::memcpy(to[r] + size_t{x} * kChannels, tails[r], (axis.out_px - x) * kChannels);
    }
  }
}

// Filters each row; same heights. `columns` holds kLanes times the row's elements.
inline void ResizeColumns(const ConstImageView& source, const PackedAxis& axis, int32_t* columns,
                          const ImageView& target) {
  switch (source.channels) {
    case 1: ResizeColumnsOf<1>(source, axis, columns, target); break;
    case 3: ResizeColumnsOf<3>(source, axis, columns, target); break;
    default: ResizeColumnsOf<4>(source, axis, columns, target); break;
  }
}

// ------------------------------------------------------------------ vertical

// Rows of one element at byte column `x`, joined so that a 32-bit lane is one column: lane i of
// block b of lanes[j] is column 16 b + 4 j + i.
template <class D>
HWY_INLINE void JoinRows(D d8, const uint8_t* const* rows, size_t x, hn::Vec<D>* lanes) {
  const auto zero = hn::Zero(d8);
  const auto row0 = hn::LoadU(d8, rows[0] + x);
  const auto row1 = hn::LoadU(d8, rows[1] + x);
  const auto low = hn::InterleaveLower(d8, row0, row1);
  const auto high = hn::InterleaveUpper(d8, row0, row1);
  lanes[0] = hn::InterleaveLower(d8, low, zero);
  lanes[1] = hn::InterleaveUpper(d8, low, zero);
  lanes[2] = hn::InterleaveLower(d8, high, zero);
  lanes[3] = hn::InterleaveUpper(d8, high, zero);
}

// kVectorBytes columns of one output row.
HWY_INLINE void SumRows(const uint8_t* first_row, size_t stride, uint32_t rows_left,
                        const PackedWindow& window, const int32_t* HWY_RESTRICT digits, size_t x,
                        V8 order, uint8_t* out) {
  const D8 d8;
  const D32 d;
  V32 sum[4][Dot::kDigits];
  for (size_t j = 0; j < 4; ++j) {
    for (size_t i = 0; i < Dot::kDigits; ++i) sum[j][i] = Dot::Start(i);
  }
  for (uint32_t e = 0; e < window.elements; ++e) {
    const uint8_t* rows[Dot::kTaps];
    for (uint32_t t = 0; t < Dot::kTaps; ++t) {
      // A last element that reaches over the end has zero weights there.
      const uint32_t row = std::min<uint32_t>(e * Dot::kTaps + t, rows_left - 1);
      rows[t] = first_row + row * stride;
    }
    V8 lanes[4];
    JoinRows(d8, rows, x, lanes);
    for (size_t i = 0; i < Dot::kDigits; ++i) {
      const V32 digit = hn::Set(d, digits[i]);
      for (size_t j = 0; j < 4; ++j) {
        sum[j][i] = Dot::MulAdd(sum[j][i], hn::BitCast(d, lanes[j]), digit);
      }
    }
    digits += Dot::kDigits;
  }
  const V32 packed =
      PackSums(Dot::Join(sum[0]), Dot::Join(sum[1]), Dot::Join(sum[2]), Dot::Join(sum[3]));
  hn::StoreU(hn::TableLookupBytes(hn::BitCast(d8, packed), order), d8, out + x);
}

// PackSums leaves column 4 j + i of a block in byte j of lane i.
inline V8 ColumnOrder() {
  alignas(16) uint8_t index[16];
  for (size_t i = 0; i < 16; ++i) index[i] = static_cast<uint8_t>(i % 4 * 4 + i / 4);
  return hn::LoadDup128(D8(), index);
}

// Filters each column; same widths.
inline void ResizeRows(const ConstImageView& source, const PackedAxis& axis,
                       const ImageView& target) {
  const size_t bytes = source.row_bytes();
  const V8 order = ColumnOrder();
  for (uint32_t y = 0; y < axis.out_px; ++y) {
    const PackedWindow window = axis.windows[y];
    const int32_t* digits = axis.digits + y * axis.digits_stride;
    const uint8_t* first_row = source.Row(window.first);
    const uint32_t rows_left = source.height - window.first;
    uint8_t* out = target.Row(y);
    if (bytes < kVectorBytes) {
      SumRowsPlain(first_row, source.stride_bytes, rows_left, window, digits, 0, bytes, out);
      continue;
    }
    size_t x = 0;
    for (; x + kVectorBytes <= bytes; x += kVectorBytes) {
      SumRows(first_row, source.stride_bytes, rows_left, window, digits, x, order, out);
    }
    // The last vector ends with the row; some columns are made twice.
    if (x < bytes) {
      SumRows(first_row, source.stride_bytes, rows_left, window, digits, bytes - kVectorBytes,
              order, out);
    }
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_RESIZE_KERNELS_INL_H_
