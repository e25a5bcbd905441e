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
struct PlainDot {
  static constexpr size_t kTaps = 1;
  static constexpr size_t kDigits = 1;
  static void Split(int32_t weight, size_t, int32_t* digits) { digits[0] = weight; }
  static int32_t Weight(const int32_t* digits, size_t) { return digits[0]; }
};

#else

// Two taps, two digits: weight = high * 2^11 + low, 0 <= low < 2^11. A word has the digits of both
// taps, as a lane of data has both pixels, widened to 16 bits.
struct PairDot {
  static constexpr size_t kTaps = 2;
  static constexpr size_t kDigits = 2;
  static constexpr int kDigitBits = 11;

  static void Split(int32_t weight, size_t tap, int32_t* digits) {
    const uint32_t high = static_cast<uint32_t>(weight >> kDigitBits) & 0xFFFF;
    const uint32_t low = static_cast<uint32_t>(weight) & ((1u << kDigitBits) - 1);
    digits[0] = static_cast<int32_t>(static_cast<uint32_t>(digits[0]) | high << (16 * tap));
    digits[1] = static_cast<int32_t>(static_cast<uint32_t>(digits[1]) | low << (16 * tap));
  }
  static int32_t Weight(const int32_t* digits, size_t tap) {
    const auto high = static_cast<int16_t>(static_cast<uint32_t>(digits[0]) >> (16 * tap));
    const auto low = static_cast<int16_t>(static_cast<uint32_t>(digits[1]) >> (16 * tap));
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

  static void Split(int32_t weight, size_t tap, int32_t* digits) {
    for (size_t i = kDigits; i-- > 0;) {
      const auto digit = static_cast<int8_t>(weight);
      const uint32_t placed = static_cast<uint32_t>(static_cast<uint8_t>(digit)) << (8 * tap);
      digits[i] = static_cast<int32_t>(static_cast<uint32_t>(digits[i]) | placed);
      weight = (weight - digit) / 256;
    }
  }
  static int32_t Weight(const int32_t* digits, size_t tap) {
    int32_t weight = 0;
    for (size_t i = 0; i < kDigits; ++i) {
      weight = weight * 256 + static_cast<int8_t>(static_cast<uint32_t>(digits[i]) >> (8 * tap));
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

// Adds one window to the tables: `fixed` holds the weights, `lead` zero weights come before them.
template <class Dot>
void PackWindow(const int32_t* fixed, uint32_t count, uint32_t lead, uint32_t first,
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
template <class Dot>
void SumRowsPlain(const uint8_t* first_row, size_t stride, uint32_t rows_left,
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

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_RESIZE_DOT_INL_H_
