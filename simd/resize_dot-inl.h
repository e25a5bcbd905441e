// How the resize multiplies: weights split into digits, and the tables of windows made of them.
// Included once per target.
//
// A sum of u8 pixels times 22-bit weights needs 32-bit products, which are slow or missing. Here a
// weight is split into digits, highest first, that narrow multiply-adds of neighbouring taps can
// take; the digit sums are exact in 32 bits and joined, so the result has the bits of the plain
// sum.
#if defined(HEADRACE_SIMD_RESIZE_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_RESIZE_DOT_INL_H_
#undef HEADRACE_SIMD_RESIZE_DOT_INL_H_
#else
#define HEADRACE_SIMD_RESIZE_DOT_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "hwy/highway.h"
#include "simd/resize_axis-inl.h"
#include "simd/resize_scratch.h"
#include "simd/resize_weights.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int32_t kRounding = 1 << (kWeightBits - 1);

// The windows of one axis. An element is Dot::kTaps neighbouring taps; its weights are Dot::kDigits
// words. The words of kChunk outputs lie side by side, as they are made.
struct PackedWindow {
  uint32_t first;     // the first element or row
  uint32_t elements;  // at least 1
};
struct PackedAxis {
  const PackedWindow* windows;
  const int32_t* digits;
  uint32_t words;  // of an output: those of the widest window
  uint32_t out_px;

  // The first word of output `index`; the others follow kChunk apart.
  const int32_t* Digits(uint32_t index) const {
    return digits + index / kChunk * kChunk * size_t{words} + index % kChunk;
  }
};

#if HWY_TARGET == HWY_SCALAR

// One tap, one digit: the weight itself.
struct PlainDot {
  static constexpr size_t kTaps = 1;
  static constexpr size_t kDigits = 1;
  static HWY_INLINE void AddTap(VChunk weights, size_t, VChunk* words) { words[0] = weights; }
  static int32_t Weight(const int32_t* words, size_t) { return words[0]; }
};

#else

// Two taps, two digits: weight = high * 2^11 + low, 0 <= low < 2^11. A word has the digits of both
// taps, as a lane of data has both pixels, widened to 16 bits.
struct PairDot {
  static constexpr size_t kTaps = 2;
  static constexpr size_t kDigits = 2;
  static constexpr int kDigitBits = 11;

  // Adds the digits of tap `tap` of an element to its words.
  static HWY_INLINE void AddTap(VChunk weights, size_t tap, VChunk* words) {
    const VChunk low = hn::And(weights, hn::Set(DChunk(), (1 << kDigitBits) - 1));
    if (tap == 0) {
      const VChunk half = hn::Set(DChunk(), 0xFFFF);
      words[0] = hn::And(hn::ShiftRight<kDigitBits>(weights), half);
      words[1] = low;
    } else {
      const VChunk high = hn::ShiftLeft<16>(hn::ShiftRight<kDigitBits>(weights));
      words[0] = hn::Or(words[0], high);
      words[1] = hn::Or(words[1], hn::ShiftLeft<16>(low));
    }
  }
  // The weight of a tap from the words of its element, which lie kChunk apart.
  static int32_t Weight(const int32_t* words, size_t tap) {
    const auto high = static_cast<int16_t>(static_cast<uint32_t>(words[0]) >> (16 * tap));
    const auto low = static_cast<int16_t>(static_cast<uint32_t>(words[kChunk]) >> (16 * tap));
    return high * (1 << kDigitBits) + low;
  }

  // sum += the products of both 16-bit halves of each lane.
  static HWY_INLINE V32 MulAdd(V32 sum, V32 data, V32 digit) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
    const D32 d;
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
};

#undef HEADRACE_HAVE_QUAD_DOT
#if HWY_TARGET == HWY_AVX3 && HWY_ARCH_X86_64
#define HEADRACE_HAVE_QUAD_DOT 1

// Four taps, three digits of signed bytes: weight = (high * 2^8 + middle) * 2^8 + low. The byte dot
// product of AVX-512 VNNI adds four products to a 32-bit sum in one instruction, without
// saturation. Highway 1.0 has no target with VNNI (its AVX3_DL asks for another extension), and an
// instruction in assembly needs no target: UseVnni says when it may run.
struct QuadDot {
  static constexpr size_t kTaps = 4;
  static constexpr size_t kDigits = 3;
  static constexpr int kDigitBits = 8;

  static HWY_INLINE void AddTap(VChunk weights, size_t tap, VChunk* words) {
    const VChunk byte = hn::Set(DChunk(), 0xFF);
    const VChunk round = hn::Set(DChunk(), 128);
    for (size_t i = kDigits; i-- > 0;) {
      const VChunk digit = hn::ShiftLeftSame(hn::And(weights, byte), static_cast<int>(8 * tap));
      words[i] = tap == 0 ? digit : hn::Or(words[i], digit);
      weights = hn::ShiftRight<kDigitBits>(hn::Add(weights, round));
    }
  }
  static int32_t Weight(const int32_t* words, size_t tap) {
    int32_t weight = 0;
    for (size_t i = 0; i < kDigits; ++i) {
      const uint32_t word = static_cast<uint32_t>(words[i * kChunk]);
      weight = weight * 256 + static_cast<int8_t>(word >> (8 * tap));
    }
    return weight;
  }
  static HWY_INLINE V32 MulAdd(V32 sum, V32 data, V32 digit) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(data.raw), "v"(digit.raw));
    return sum;
  }
};

#else
#define HEADRACE_HAVE_QUAD_DOT 0
#endif

#endif

// Whether windows begin at multiples of Dot::kTaps, counted from the origin, or anywhere.
enum class Elements : bool { kAnywhere, kAligned };

// Moves the taps of all words up by `lead`; `before` holds the same words of the element before,
// and gets these.
template <class Dot>
HWY_INLINE void MoveTaps(VChunk lead, VChunk* before, VChunk* words) {
#if HWY_TARGET != HWY_SCALAR
  constexpr int kTapBits = 32 / static_cast<int>(Dot::kTaps);
  const hn::RebindToUnsigned<DChunk> du;
  const auto up = hn::BitCast(du, hn::Mul(lead, hn::Set(DChunk(), kTapBits)));
  // Together with a shift by kTapBits: 32 - up, which may be 32.
  const auto down = hn::Sub(hn::Set(du, 32 - kTapBits), up);
  for (size_t i = 0; i < Dot::kDigits; ++i) {
    const auto here = hn::BitCast(du, words[i]);
    const auto carried = hn::Shr(hn::ShiftRight<kTapBits>(hn::BitCast(du, before[i])), down);
    before[i] = words[i];
    words[i] = hn::BitCast(DChunk(), hn::Or(hn::Shl(here, up), carried));
  }
#else
  (void)lead, (void)before, (void)words;
#endif
}

// The words of one chunk from its weights; tap `t` of the taps is that of element t / Dot::kTaps,
// after `lead` taps of weight zero.
template <class Dot>
HWY_INLINE void PackWords(const int32_t* HWY_RESTRICT weights, VChunk lead, Elements where,
                          uint32_t taps, uint32_t elements, int32_t* HWY_RESTRICT words_out) {
  const DChunk d;
  VChunk before[Dot::kDigits];
  for (size_t i = 0; i < Dot::kDigits; ++i) before[i] = hn::Zero(d);
  for (uint32_t e = 0; e < elements; ++e) {
    VChunk words[Dot::kDigits];
    for (size_t t = 0; t < Dot::kTaps; ++t) {
      const size_t tap = e * Dot::kTaps + t;
      Dot::AddTap(tap < taps ? hn::Load(d, weights + tap * kChunk) : hn::Zero(d), t, words);
    }
    if (where == Elements::kAligned) MoveTaps<Dot>(lead, before, words);
    for (size_t i = 0; i < Dot::kDigits; ++i) {
      hn::Store(words[i], d, words_out + (e * Dot::kDigits + i) * kChunk);
    }
  }
}

// A mirrored source has the same windows, seen from the other end.
inline void MirrorChunk(const PlaneAxis& axis, const AxisWindows& windows, uint32_t index,
                        int32_t* weights) {
  for (uint32_t lane = 0; lane < kChunk; ++lane) {
    const uint32_t i = std::min(index + lane, axis.full.out_px - 1);
    int32_t* low = weights + lane;
    int32_t* high = low + (windows.end[i] - windows.first[i] - 1) * int64_t{kChunk};
    for (; low < high; low += kChunk, high -= kChunk) std::swap(*low, *high);
  }
}

template <class Dot>
uint32_t ElementsMax(const AxisWindows& windows, Elements where) {
  const auto taps = static_cast<uint32_t>(Dot::kTaps);
  return (windows.taps_max + (where == Elements::kAligned ? taps - 1 : 0) + taps - 1) / taps;
}

// Where PackAxis puts its tables.
struct PackedRoom {
  PackedWindow* windows;
  int32_t* digits;
};

// Makes the tables of an axis whose windows are found. With Elements::kAligned windows are counted
// in elements from sample 0, else in samples from `origin`.
template <class Dot>
PackedAxis PackAxis(const PlaneAxis& axis, const AxisWindows& windows, Mirror mirror,
                    Elements where, uint32_t origin, const ChunkRoom& room, const PackedRoom& out) {
  constexpr auto kTaps = static_cast<uint32_t>(Dot::kTaps);
  const DChunk d;
  const uint32_t elements = ElementsMax<Dot>(windows, where);
  const uint32_t words = elements * static_cast<uint32_t>(Dot::kDigits);
  const bool is_aligned = where == Elements::kAligned;
  for (uint32_t x = 0; x < axis.full.out_px; x += kChunk) {
    int32_t* weights = ChunkWeights(axis, windows, x, room);
    VChunk first = hn::Load(d, windows.first + x);
    if (mirror == Mirror::kYes) {
      MirrorChunk(axis, windows, x, weights);
      const VChunk end = hn::Load(d, windows.end + x);
      first = hn::Sub(hn::Set(d, static_cast<int32_t>(axis.in_px)), end);
    }
    const VChunk lead = hn::And(first, hn::Set(d, kTaps - 1));
    PackWords<Dot>(weights, lead, where, windows.taps_max, elements,
                   out.digits + x * size_t{words});
  }
  for (uint32_t x = 0; x < axis.full.out_px; ++x) {
    const auto count = static_cast<uint32_t>(windows.end[x] - windows.first[x]);
    const auto first = mirror == Mirror::kYes ? axis.in_px - static_cast<uint32_t>(windows.end[x])
                                              : static_cast<uint32_t>(windows.first[x]);
    const uint32_t lead = is_aligned ? first % kTaps : 0;
    out.windows[x] = {is_aligned ? first / kTaps : first - origin,
                      (lead + count + kTaps - 1) / kTaps};
  }
  return {out.windows, out.digits, words, axis.full.out_px};
}

// The same in a caller's scratch.
inline AxisWindows FindWindowsIn(const PlaneAxis& axis, const AxisScratch& plan, std::byte* base) {
  AxisWindows windows = {.first = ScratchAt<int32_t>(base, plan.first),
                         .end = ScratchAt<int32_t>(base, plan.end)};
  FindWindows(axis, &windows);
  return windows;
}

inline ChunkRoom ChunkRoomIn(const AxisScratch& plan, std::byte* base) {
  return {ScratchAt<double>(base, plan.real), ScratchAt<int32_t>(base, plan.full),
          ScratchAt<int32_t>(base, plan.taps)};
}

template <class Dot>
PackedAxis PackAxisIn(const PlaneAxis& axis, const AxisWindows& windows, Mirror mirror,
                      Elements where, uint32_t origin, const AxisScratch& plan,
                      const PackedScratch& packed, std::byte* base) {
  const PackedRoom out = {ScratchAt<PackedWindow>(base, packed.windows),
                          ScratchAt<int32_t>(base, packed.digits)};
  return PackAxis<Dot>(axis, windows, mirror, where, origin, ChunkRoomIn(plan, base), out);
}

// The rows that any window reads.
struct RowsNeeded {
  uint32_t first;
  uint32_t count;
};
inline RowsNeeded RowsOf(const AxisWindows& windows, uint32_t out_px) {
  const int32_t first = windows.first[0];
  return {static_cast<uint32_t>(first), static_cast<uint32_t>(windows.end[out_px - 1] - first)};
}

inline uint8_t PixelOfSum(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

// Byte columns [from, to) of one output row, without vectors. `rows` holds the window's first row.
template <class Dot>
void SumRowsPlain(const uint8_t* first_row, size_t stride, uint32_t rows_left,
                  const PackedWindow& window, const int32_t* digits, size_t from, size_t to,
                  uint8_t* out) {
  const size_t taps = std::min<size_t>(window.elements * Dot::kTaps, rows_left);
  for (size_t x = from; x < to; ++x) {
    int32_t sum = kRounding;
    for (size_t t = 0; t < taps; ++t) {
      const int32_t* element = digits + t / Dot::kTaps * Dot::kDigits * kChunk;
      sum += first_row[t * stride + x] * Dot::Weight(element, t % Dot::kTaps);
    }
    out[x] = PixelOfSum(sum);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_RESIZE_DOT_INL_H_
