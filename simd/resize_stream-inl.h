// The resize of one plane, a few rows at a time. Included once per target.
//
// Where few source samples lie between neighbouring outputs, those of a vector of outputs are close
// together: 16 bytes hold what a block of four needs, or 64 bytes what sixteen need, for processors
// that shuffle as many at once. So the horizontal pass loads such blocks, shuffles each output's
// taps into its lane and multiplies, without turning rows into columns. It takes as many rows as an
// element has taps, so that its result is what the vertical pass multiplies: a lane for each
// column, with the rows in it. Those elements are kept in a ring as long as windows need them,
// which is in the first-level cache.
#if defined(HEADRACE_SIMD_RESIZE_STREAM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_RESIZE_STREAM_INL_H_
#undef HEADRACE_SIMD_RESIZE_STREAM_INL_H_
#else
#define HEADRACE_SIMD_RESIZE_STREAM_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/image_view.h"
#include "hwy/highway.h"
#include "simd/resize_passes-inl.h"
#include "simd/resize_scratch.h"
#include "simd/vbmi.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

constexpr size_t kBlocks = kVectorBytes / 16;

// How the samples of an axis are loaded.
enum class Blocks : uint8_t {
  kTooFar,        // what four outputs need does not fit in 16 bytes, or windows are long
  kOneAnElement,  // 16 bytes for each element of four outputs' windows
  kOneForAll,     // 16 bytes hold four outputs' windows
  kWholeVector,   // 64 bytes hold the windows of all outputs of a vector
};

// The tables of the horizontal pass, for each vector of outputs.
struct StreamAxis {
  Blocks blocks;
  uint32_t elements;
  uint32_t vectors;
  const uint32_t* offsets;  // of the blocks of each load
  const uint8_t* tables;    // shuffles of all elements, then their words
};

// ------------------------------------------------------------------ tables

// How far the windows of each `outputs` neighbours reach, in samples.
struct Reach {
  uint32_t all;     // from the first of the first to the last of the last
  uint32_t firsts;  // from the first of the first to the first of the last
};
inline Reach ReachOf(const AxisWindows& windows, uint32_t out_px, uint32_t outputs) {
  int32_t all = 0;
  int32_t firsts = 0;
  for (uint32_t x = 0; x < out_px; x += outputs) {
    const uint32_t last = x + outputs - 1;  // exists: windows are filled up to a whole chunk
    all = std::max(all, windows.end[last] - windows.first[x]);
    firsts = std::max(firsts, windows.first[last] - windows.first[x]);
  }
  return {static_cast<uint32_t>(all), static_cast<uint32_t>(firsts)};
}

template <class Dot>
Blocks BlocksOf(const PlaneAxis& axis, const AxisWindows& windows) {
  const uint32_t elements = ElementsMax<Dot>(windows, Elements::kAnywhere);
  // From 7 elements of two taps on, the shuffles cost more than turning rows into columns.
  constexpr uint32_t kElementsMax = Dot::kTaps == 2 ? 6 : kStreamElementsMax;
  static_assert(kElementsMax <= kStreamElementsMax);
  if (elements > kElementsMax) return Blocks::kTooFar;
#if HEADRACE_HAVE_QUAD_DOT
  if (Dot::kTaps == 4 && UseVbmi() && axis.in_px >= kVectorBytes &&
      ReachOf(windows, axis.full.out_px, kLanes).all <= kVectorBytes) {
    return Blocks::kWholeVector;
  }
#endif
  const Reach four = ReachOf(windows, axis.full.out_px, 4);
  if (four.all <= 16) return Blocks::kOneForAll;
  if (four.firsts + Dot::kTaps <= 16) return Blocks::kOneAnElement;
  return Blocks::kTooFar;
}

// Lane by lane the bytes of an element, whose first tap is byte `at` of its block.
template <class Dot>
HWY_INLINE VChunk ShuffleOf(VChunk at) {
  const DChunk d;
  if constexpr (Dot::kTaps == 4) {
    return hn::Add(hn::Mul(at, hn::Set(d, 0x01010101)), hn::Set(d, 0x03020100));
  } else {
    // Bytes from 0x80 on make zeros.
    return hn::Add(hn::Mul(at, hn::Set(d, 0x00010001)),
                   hn::Set(d, static_cast<int32_t>(0x80018000)));
  }
}

template <class Dot>
StreamAxis PackStreamAxis(const PlaneAxis& axis, const AxisWindows& windows, Blocks how,
                          const ChunkRoom& room, uint32_t* offsets, uint8_t* tables) {
  const DChunk d;
  const bool is_whole = how == Blocks::kWholeVector;
  const auto bytes = static_cast<uint32_t>(is_whole ? kVectorBytes : 16);
  const size_t lanes = is_whole ? kLanes : 4;  // of a block
  const uint32_t elements = ElementsMax<Dot>(windows, Elements::kAnywhere);
  const uint32_t loads = how == Blocks::kOneAnElement ? elements : 1;
  const uint32_t vectors = (axis.full.out_px + kChunk - 1) / kChunk;
  // Rows are made at least a block long.
  const VChunk last_offset = hn::Set(d, static_cast<int32_t>(std::max(axis.in_px, bytes) - bytes));
  uint32_t* offset = offsets;
  uint8_t* out = tables;
  for (uint32_t v = 0; v < vectors; ++v) {
    const uint32_t x = v * static_cast<uint32_t>(kChunk);
    const int32_t* weights = ChunkWeights(axis, windows, x, room);
    const VChunk first = hn::Load(d, windows.first + x);
    VChunk begin = hn::Zero(d);  // of the block that the lane's element is in
    for (uint32_t e = 0; e < elements; ++e) {
      const auto tap = static_cast<int32_t>(e * Dot::kTaps);
      if (e < loads) {
        const VChunk leftmost = is_whole ? hn::Set(d, windows.first[x]) : hn::Broadcast<0>(first);
        begin = hn::Min(hn::Add(leftmost, hn::Set(d, tap)), last_offset);
        alignas(64) int32_t begins[kChunk];
        hn::Store(begin, d, begins);
        for (size_t lane = 0; lane < kChunk; lane += lanes) {
          *offset++ = static_cast<uint32_t>(begins[lane]);
        }
      }
      const VChunk at = hn::Sub(hn::Add(first, hn::Set(d, tap)), begin);
      hn::Store(ShuffleOf<Dot>(at), d, reinterpret_cast<int32_t*>(out));
      out += kVectorBytes;
    }
    PackWords<Dot>(weights, hn::Zero(d), Elements::kAnywhere, windows.taps_max, elements,
                   reinterpret_cast<int32_t*>(out));
    out += elements * Dot::kDigits * kVectorBytes;
  }
  return {how, elements, vectors, offsets, tables};
}

// ------------------------------------------------------------------ horizontal

// The sums of as many rows as an element has taps, to an element of each column.
template <class Dot>
HWY_INLINE V32 PackRows(const V32 (&sums)[4], V8 order) {
  const V8 packed = PackSums<Dot>(sums[0], sums[1], sums[2], sums[3]);
  return hn::BitCast(D32(), hn::TableLookupBytes(packed, order));
}
template <class Dot>
HWY_INLINE V32 PackRows(const V32 (&sums)[2], V8) {
  const D16 d16;
  constexpr int kLeft = kBitsLeft<Dot>;
  auto rows = hn::OddEven(hn::BitCast(d16, hn::ShiftLeft<16 - kLeft>(sums[1])),
                          hn::BitCast(d16, hn::ShiftRight<kLeft>(sums[0])));
  rows = hn::Min(hn::Max(rows, hn::Zero(d16)), hn::Set(d16, 255));
  return hn::BitCast(D32(), rows);
}

template <Blocks kHow>
constexpr size_t kOffsetsALoad = kHow == Blocks::kWholeVector ? 1 : kBlocks;

template <Blocks kHow>
HWY_INLINE V8 LoadBlocksOf(const uint8_t* row, const uint32_t* offsets) {
  if constexpr (kHow == Blocks::kWholeVector) return hn::LoadU(D8(), row + offsets[0]);
  return LoadBlocksAt([=](size_t b) HWY_ATTR { return row + offsets[b]; });
}

// Each lane's taps.
template <Blocks kHow>
HWY_INLINE V32 TapsOf(V8 block, const uint8_t* shuffle) {
  const V8 index = hn::Load(D8(), shuffle);
#if HEADRACE_HAVE_QUAD_DOT
  if constexpr (kHow == Blocks::kWholeVector) {
    // AVX-512 VBMI, which Highway 1.0 asks more than that for; see QuadDot.
    V8 taps;
    asm("vpermb %1, %2, %0" : "=v"(taps.raw) : "v"(block.raw), "v"(index.raw));
    return hn::BitCast(D32(), taps);
  }
#endif
  return hn::BitCast(D32(), hn::TableLookupBytesOr0(block, index));
}

// The sums of one row for a vector of outputs. A known number of elements is gone through once a
// digit, so that no sums need joining.
template <class Dot, size_t kElements, Blocks kHow>
HWY_INLINE V32 SumShortRow(const uint8_t* row, const uint32_t* offsets, const uint8_t* shuffles,
                           const int32_t* HWY_RESTRICT words) {
  const D32 d;
  V32 data[kElements];
  V8 block = LoadBlocksOf<kHow>(row, offsets);
  for (size_t e = 0; e < kElements; ++e) {
    if (kHow == Blocks::kOneAnElement && e > 0) {
      block = LoadBlocksOf<kHow>(row, offsets + e * kBlocks);
    }
    data[e] = TapsOf<kHow>(block, shuffles + e * kVectorBytes);
  }
  V32 sum = hn::Set(d, kRounding);
  for (size_t i = Dot::kDigits; i-- > 0;) {
    if (i + 1 < Dot::kDigits) sum = hn::ShiftRight<Dot::kDigitBits>(sum);
    for (size_t e = 0; e < kElements; ++e) {
      sum = Dot::MulAdd(sum, data[e], hn::Load(d, words + (e * Dot::kDigits + i) * kLanes));
    }
  }
  return sum;
}

template <class Dot, Blocks kHow>
HWY_INLINE V32 SumLongRow(const uint8_t* row, const uint32_t* offsets, const uint8_t* shuffles,
                          const int32_t* HWY_RESTRICT words, size_t elements) {
  const D32 d;
  V32 sum[Dot::kDigits];
  for (size_t i = 0; i < Dot::kDigits; ++i) sum[i] = FirstOfDigit<Dot>(i);
  V8 block = LoadBlocksOf<kHow>(row, offsets);
  for (size_t e = 0; e < elements; ++e) {
    if (kHow == Blocks::kOneAnElement && e > 0) {
      block = LoadBlocksOf<kHow>(row, offsets + e * kBlocks);
    }
    const V32 data = TapsOf<kHow>(block, shuffles + e * kVectorBytes);
    for (size_t i = 0; i < Dot::kDigits; ++i) {
      sum[i] = Dot::MulAdd(sum[i], data, hn::Load(d, words + (e * Dot::kDigits + i) * kLanes));
    }
  }
  return Joined<Dot>(sum);
}

// Filters as many rows as an element has taps, to elements of columns. kElements 0: any number.
template <class Dot, size_t kElements, Blocks kHow>
void FilterRowsOf(const uint8_t* const (&rows)[Dot::kTaps], const StreamAxis& axis,
                  int32_t* HWY_RESTRICT out) {
  const size_t elements = kElements != 0 ? kElements : axis.elements;
  const size_t loads = kHow == Blocks::kOneAnElement ? elements : 1;
  const V8 order = LaneOrder();
  const uint32_t* offsets = axis.offsets;
  const uint8_t* shuffles = axis.tables;
  for (uint32_t v = 0; v < axis.vectors; ++v) {
    const auto* words = reinterpret_cast<const int32_t*>(shuffles + elements * kVectorBytes);
    V32 sums[Dot::kTaps];
    for (size_t r = 0; r < Dot::kTaps; ++r) {
      if constexpr (kElements != 0) {
        sums[r] = SumShortRow<Dot, kElements, kHow>(rows[r], offsets, shuffles, words);
      } else {
        sums[r] = SumLongRow<Dot, kHow>(rows[r], offsets, shuffles, words, elements);
      }
    }
    hn::Store(PackRows<Dot>(sums, order), D32(), out + v * kLanes);
    offsets += loads * kOffsetsALoad<kHow>;
    shuffles += elements * (1 + Dot::kDigits) * kVectorBytes;
  }
}

template <class Dot, Blocks kHow>
void FilterRowsBy(const uint8_t* const (&rows)[Dot::kTaps], const StreamAxis& axis, int32_t* out) {
  switch (axis.elements) {
    case 1: return FilterRowsOf<Dot, 1, kHow>(rows, axis, out);
    case 2: return FilterRowsOf<Dot, 2, kHow>(rows, axis, out);
    case 3: return FilterRowsOf<Dot, 3, kHow>(rows, axis, out);
    default: return FilterRowsOf<Dot, 0, kHow>(rows, axis, out);
  }
}

template <class Dot>
void FilterRows(const uint8_t* const (&rows)[Dot::kTaps], const StreamAxis& axis, int32_t* out) {
#if HEADRACE_HAVE_QUAD_DOT
  if constexpr (Dot::kTaps == 4) {
    if (axis.blocks == Blocks::kWholeVector) {
      return FilterRowsBy<Dot, Blocks::kWholeVector>(rows, axis, out);
    }
  }
#endif
  if (axis.blocks == Blocks::kOneForAll) {
    return FilterRowsBy<Dot, Blocks::kOneForAll>(rows, axis, out);
  }
  FilterRowsBy<Dot, Blocks::kOneAnElement>(rows, axis, out);
}

// ------------------------------------------------------------------ vertical

// Lane j of block b of packed sums has four columns of vector j: they go to lane j * kBlocks + b.
struct ColumnOrder {
  alignas(64) int32_t from[kLanes];
  constexpr ColumnOrder() : from() {
    for (size_t i = 0; i < kLanes; ++i) {
      from[i] = static_cast<int32_t>(i % kBlocks * 4 + i / kBlocks);
    }
  }
};

// Brings the packed sums of four neighbouring vectors of columns in order.
HWY_INLINE V8 SortedColumns(V8 packed) {
  if constexpr (kBlocks == 1) {
    return packed;
  } else {
    static constexpr ColumnOrder kOrder;
    const D32 d;
    return hn::BitCast(
        D8(), hn::TableLookupLanes(hn::BitCast(d, packed), hn::SetTableIndices(d, kOrder.from)));
  }
}

// The ring of elements that windows still need; the slots are a power of two.
struct StreamRing {
  int32_t* data;
  uint32_t slots;
  size_t slot_words;

  int32_t* Slot(uint32_t element) const { return data + (element & (slots - 1)) * slot_words; }
};

// The first `count` bytes of a vector.
HWY_INLINE void StorePart(V8 v, size_t count, uint8_t* out) {
  alignas(64) uint8_t bytes[kVectorBytes];
  hn::Store(v, D8(), bytes);
  size_t x = 0;
  for (; x + 16 <= count; x += 16) std::memcpy(out + x, bytes + x, 16);
  if (x < count) std::memcpy(out + x, bytes + x, count - x);
}

// One output row: `sum` gives the sums of a vector of columns.
template <class Dot, class Function>
HWY_INLINE void SumElements(uint32_t vectors, uint32_t out_px, uint8_t* out, const Function& sum) {
  const D8 d8;
  size_t x = 0;
  for (; x + kVectorBytes <= out_px; x += kVectorBytes) {
    const V32 sum0 = sum(x);
    const V32 sum1 = sum(x + kLanes);
    const V32 sum2 = sum(x + 2 * kLanes);
    const V32 sum3 = sum(x + 3 * kLanes);
    hn::StoreU(SortedColumns(PackSums<Dot>(sum0, sum1, sum2, sum3)), d8, out + x);
  }
  if (x == out_px) return;
  const V32 zero = hn::Zero(D32());
  const size_t left = vectors - x / kLanes;
  const V32 sum0 = sum(x);
  const V32 sum1 = left > 1 ? sum(x + kLanes) : zero;
  const V32 sum2 = left > 2 ? sum(x + 2 * kLanes) : zero;
  const V32 sum3 = left > 3 ? sum(x + 3 * kLanes) : zero;
  StorePart(SortedColumns(PackSums<Dot>(sum0, sum1, sum2, sum3)), out_px - x, out + x);
}

template <class Dot, size_t kElements>
void ShortColumns(const StreamRing& ring, uint32_t first, const int32_t* digits, uint32_t vectors,
                  uint32_t out_px, uint8_t* out) {
  const D32 d;
  const int32_t* rows[kElements];
  V32 words[kElements * Dot::kDigits];
  for (uint32_t e = 0; e < kElements; ++e) rows[e] = ring.Slot(first + e);
  for (size_t w = 0; w < kElements * Dot::kDigits; ++w) words[w] = hn::Set(d, digits[w * kChunk]);
  SumElements<Dot>(vectors, out_px, out, [&](size_t at) HWY_ATTR {
    V32 data[kElements];
    for (size_t e = 0; e < kElements; ++e) data[e] = hn::Load(d, rows[e] + at);
    V32 sum = hn::Set(d, kRounding);
    for (size_t i = Dot::kDigits; i-- > 0;) {
      if (i + 1 < Dot::kDigits) sum = hn::ShiftRight<Dot::kDigitBits>(sum);
      for (size_t e = 0; e < kElements; ++e) {
        sum = Dot::MulAdd(sum, data[e], words[e * Dot::kDigits + i]);
      }
    }
    return sum;
  });
}

template <class Dot>
void LongColumns(const StreamRing& ring, const PackedWindow& window, const int32_t* digits,
                 uint32_t vectors, uint32_t out_px, uint8_t* out) {
  const D32 d;
  SumElements<Dot>(vectors, out_px, out, [&](size_t at) HWY_ATTR {
    V32 sum[Dot::kDigits];
    for (size_t i = 0; i < Dot::kDigits; ++i) sum[i] = FirstOfDigit<Dot>(i);
    const int32_t* word = digits;
    for (uint32_t e = 0; e < window.elements; ++e) {
      const V32 data = hn::Load(d, ring.Slot(window.first + e) + at);
      for (size_t i = 0; i < Dot::kDigits; ++i) {
        sum[i] = Dot::MulAdd(sum[i], data, hn::Set(d, word[i * kChunk]));
      }
      word += Dot::kDigits * kChunk;
    }
    return Joined<Dot>(sum);
  });
}

// ------------------------------------------------------------------ both

// Rows of at least 16 bytes each: narrower ones are copied to where as many can be read.
template <class Dot>
class StreamRows {
 public:
  explicit StreamRows(const ConstImageView& source)
      : source_(source), is_narrow_(source.width < 16) {}

  // The rows of element `element`. Rows below the last, whose weights are zero, are the last.
  void Element(uint32_t element, const uint8_t* (&rows)[Dot::kTaps]) {
    for (uint32_t t = 0; t < Dot::kTaps; ++t) {
      const uint32_t y = element * static_cast<uint32_t>(Dot::kTaps) + t;
      rows[t] = source_.Row(std::min(y, source_.height - 1));
      if (!is_narrow_) continue;
      std::memcpy(narrow_[t], rows[t], source_.width);
      rows[t] = narrow_[t];
    }
  }

 private:
  const ConstImageView source_;
  const bool is_narrow_;
  uint8_t narrow_[Dot::kTaps][16] = {};
};

// `down` has aligned elements; the ring has slots for its widest window.
template <class Dot>
void StreamPlane(const ConstImageView& source, const StreamAxis& across, const PackedAxis& down,
                 const StreamRing& ring, const ImageView& target) {
  StreamRows<Dot> source_rows(source);
  uint32_t made = 0;
  for (uint32_t y = 0; y < target.height; ++y) {
    const PackedWindow window = down.windows[y];
    made = std::max(made, window.first);
    for (; made < window.first + window.elements; ++made) {
      const uint8_t* rows[Dot::kTaps];
      source_rows.Element(made, rows);
      FilterRows<Dot>(rows, across, ring.Slot(made));
    }
    const int32_t* digits = down.Digits(y);
    uint8_t* out = target.Row(y);
    const auto columns = [&](auto elements) HWY_ATTR {
      ShortColumns<Dot, decltype(elements)::value>(ring, window.first, digits, across.vectors,
                                                   target.width, out);
    };
    switch (window.elements) {
      case 1: columns(std::integral_constant<size_t, 1>()); break;
      case 2: columns(std::integral_constant<size_t, 2>()); break;
      case 3: columns(std::integral_constant<size_t, 3>()); break;
      default: LongColumns<Dot>(ring, window, digits, across.vectors, target.width, out); break;
    }
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_RESIZE_STREAM_INL_H_
