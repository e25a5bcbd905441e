// Expanding the parts of a chunk of a coefficient record: bits that say where, values that say
// what. Included once per target.
//
// With VBMI2 that is an instruction of 64 bytes. Elsewhere eight places at a time are filled by a
// byte shuffle, whose indices a table has for every combination of bits.
#if defined(HEADRACE_SIMD_COEF_EXPAND_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEADRACE_SIMD_COEF_EXPAND_INL_H_
#undef HEADRACE_SIMD_COEF_EXPAND_INL_H_
#else
#define HEADRACE_SIMD_COEF_EXPAND_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "simd/coef_chunk.h"
#include "simd/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Whether instructions of AVX-512 VBMI2 may be compiled in; see UseVbmi2.
#undef HEADRACE_HAVE_VBMI2
#if HWY_TARGET == HWY_AVX3 && HWY_ARCH_X86_64
#define HEADRACE_HAVE_VBMI2 1
#else
#define HEADRACE_HAVE_VBMI2 0
#endif

#if HWY_TARGET != HWY_SCALAR

constexpr uint32_t kCoefGroupBlocks = kVectorBytes / 16;
constexpr size_t kCoefChunkValues = size_t{kCoefChunkBlocks} * 64;

// The coefficients of a chunk before they are in their places.
struct CoefParts {
  alignas(64) uint64_t masks[kCoefChunkBlocks];  // bit 8 * row + column of each block
  const uint8_t* nibbles;
  const uint8_t* escapes;  // begin where the nibbles end
  const uint8_t* end;
};

// ------------------------------------------------------------------ by shuffles

// For 8 bits the index of each place's value among those that are there; 0x80 where none is.
struct ExpandTable {
  constexpr ExpandTable() {
    for (uint32_t bits = 0; bits < 256; ++bits) {
      uint8_t index = 0;
      for (uint32_t i = 0; i < 8; ++i) from[bits][i] = (bits >> i & 1) != 0 ? index++ : 0x80;
    }
  }
  alignas(64) uint8_t from[256][8] = {};
};
inline constexpr ExpandTable kExpandTable;

// The shuffles, over pieces of 16 values and rows of 8. All values of the chunk become bytes first,
// so that the number of pieces hardly depends on what the blocks are like.
class ExpandByShuffle {
 public:
  using D = hn::FixedTag<uint8_t, 16>;
  using DHalf = hn::FixedTag<uint8_t, 8>;

  // The column masks of the rows that `row_masks` names, in their places.
  static HWY_INLINE void Masks(uint64_t row_masks, const uint8_t* column_masks, uint64_t* masks) {
    const DHalf d;
    for (uint32_t b = 0; b < kCoefChunkBlocks; ++b) {
      const size_t rows = row_masks >> 8 * b & 255;
      const auto index = hn::Load(d, kExpandTable.from[rows]);
      const auto mask = hn::TableLookupBytesOr0(hn::LoadU(d, column_masks), index);
      hn::Store(hn::BitCast(hn::FixedTag<uint64_t, 1>(), mask), hn::FixedTag<uint64_t, 1>(),
                masks + b);
      column_masks += hwy::PopCount(uint64_t{rows});
    }
  }

  static HWY_INLINE void Last(const uint64_t* masks, uint8_t* last) {
    for (uint32_t b = 0; b < kCoefChunkBlocks; ++b) last[b] = CoefLast(masks[b]);
  }

  // Puts the coefficients in their places. Returns the end of the bytes, or null: they lead out of
  // the chunk.
  static HWY_INLINE const uint8_t* Blocks(const CoefParts& parts, int16_t* coefficients) {
    alignas(64) int8_t values[kCoefChunkValues + kPiece];
    const uint8_t* escapes = parts.escapes;
    const auto count = static_cast<size_t>(parts.escapes - parts.nibbles) * 2;
    for (size_t done = 0; done < count; done += kPiece) {
      escapes += Piece(parts.nibbles + done / 2, escapes, count - done, values + done);
      if (escapes > parts.end) return nullptr;
    }
    Place(parts, values, coefficients);
    return escapes;
  }

 private:
  static constexpr size_t kPiece = 16;  // values

  // A piece of values from its nibbles, of which the first `count` are there, and from the bytes
  // at `escapes`. Returns how many bytes were taken.
  static HWY_INLINE size_t Piece(const uint8_t* nibbles, const uint8_t* escapes, size_t count,
                                 int8_t* values) {
    const D d;
    const DHalf half;
    const hn::FixedTag<uint16_t, 8> d16;
    auto pairs = hn::PromoteTo(d16, hn::LoadU(half, nibbles));
    pairs = hn::And(hn::Or(pairs, hn::ShiftLeft<4>(pairs)), hn::Set(d16, 0x0F0F));
    const auto small = hn::BitCast(d, pairs);
    alignas(16) static constexpr uint8_t kSigned[16] = {0,   1,   2,   3,   4,   5,   6,   7,
                                                        248, 249, 250, 251, 252, 253, 254, 255};
    const auto is_escape = hn::Eq(small, hn::Set(d, kCoefEscape));
    uint8_t bits[8] = {};
    hn::StoreMaskBits(d, is_escape, bits);
    const uint32_t escaped = (bits[0] | static_cast<uint32_t>(bits[1]) << 8) & Lowest(count);
    const size_t in_first = hwy::PopCount(uint64_t{escaped & 255});
    const auto second = hn::Add(hn::Load(half, kExpandTable.from[escaped >> 8]),
                                hn::Set(half, static_cast<uint8_t>(in_first)));
    const auto index = hn::Combine(d, second, hn::Load(half, kExpandTable.from[escaped & 255]));
    const auto large = hn::TableLookupBytesOr0(hn::LoadU(d, escapes), index);
    const auto signed_small = hn::TableLookupBytes(hn::Load(d, kSigned), small);
    hn::StoreU(hn::IfThenElse(is_escape, large, signed_small), d,
               reinterpret_cast<uint8_t*>(values));
    return hwy::PopCount(uint64_t{escaped});
  }

  // Rows of all blocks from their values.
  static HWY_INLINE void Place(const CoefParts& parts, const int8_t* values,
                               int16_t* coefficients) {
    const hn::FixedTag<int8_t, 8> d;
    const hn::FixedTag<int16_t, 8> d16;
    for (uint32_t b = 0; b < kCoefChunkBlocks; ++b) {
      const uint64_t mask = parts.masks[b];
      const uint64_t ends = RunningCounts(mask);
      const uint64_t begins = ends << 8;
      int16_t* to = coefficients + CoefRowPlace(b, 0, kCoefGroupBlocks);
      for (uint32_t row = 0; row < 8; ++row) {
        const auto index = hn::Load(DHalf(), kExpandTable.from[mask >> 8 * row & 255]);
        const auto from = hn::LoadU(d, values + (begins >> 8 * row & 255));
        const auto places = hn::TableLookupBytesOr0(from, hn::BitCast(d, index));
        hn::Store(hn::PromoteTo(d16, places), d16, to + size_t{row} * 8 * kCoefGroupBlocks);
      }
      values += ((ends >> 56) + 1) & ~uint64_t{1};
    }
  }

  static HWY_INLINE uint32_t Lowest(size_t count) {
    return count >= kPiece ? 0xFFFF : (1u << count) - 1;
  }
  // Byte r: how many bits are set in bytes 0 to r.
  static HWY_INLINE uint64_t RunningCounts(uint64_t mask) {
    mask -= mask >> 1 & 0x5555555555555555;
    mask = (mask & 0x3333333333333333) + (mask >> 2 & 0x3333333333333333);
    mask = (mask + (mask >> 4)) & 0x0F0F0F0F0F0F0F0F;
    return mask * 0x0101010101010101;
  }
};

// ------------------------------------------------------------------ by VBMI2

#if HEADRACE_HAVE_VBMI2
// Written out in assembler because Highway 1.0 compiles for AVX-512 without VBMI2.
class ExpandByVbmi2 {
 public:
  static HWY_INLINE void Masks(uint64_t row_masks, const uint8_t* column_masks, uint64_t* masks) {
    _mm512_store_si512(masks, Expand(row_masks, _mm512_loadu_si512(column_masks)));
  }

  static HWY_INLINE void Last(const uint64_t* masks, uint8_t* last) {
    const __m512i all = _mm512_load_si512(masks);
    const __mmask8 any = _mm512_test_epi64_mask(all, _mm512_set1_epi64(~kCoefDcPlace));
    const __mmask8 beyond = _mm512_test_epi64_mask(all, _mm512_set1_epi64(kCoefBeyondCorner));
    const __m128i forms = _mm_or_si128(_mm_maskz_set1_epi8(any, kCoefLastOfCorner),
                                       _mm_maskz_set1_epi8(beyond, kCoefLastOfAll));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(last), forms);
  }

  // A block at a time, in registers. Four are a group: their rows, a row of all four in 32 bytes,
  // are widened.
  static HWY_INLINE const uint8_t* Blocks(const CoefParts& parts, int16_t* coefficients) {
    static_assert(kCoefGroupBlocks == 4);
    const __m512i two_rows = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i next_two = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const uint8_t* nibbles = parts.nibbles;
    const uint8_t* escapes = parts.escapes;
    for (uint32_t first = 0; first < kCoefChunkBlocks; first += 4, coefficients += 4 * 64) {
      __m512i block[4];
      for (uint32_t b = 0; b < 4; ++b) {
        if (escapes > parts.end) return nullptr;
        const uint64_t mask = parts.masks[first + b];
        const size_t bytes = CoefNibbleBytes(mask);
        block[b] = Expand(mask, Values(nibbles, bytes, &escapes));
        nibbles += bytes;
      }
      // Rows 0, 2, 4, 6 and 1, 3, 5, 7 of two blocks.
      const __m512i even01 = _mm512_unpacklo_epi64(block[0], block[1]);
      const __m512i odd01 = _mm512_unpackhi_epi64(block[0], block[1]);
      const __m512i even23 = _mm512_unpacklo_epi64(block[2], block[3]);
      const __m512i odd23 = _mm512_unpackhi_epi64(block[2], block[3]);
      StoreRows(_mm512_permutex2var_epi64(even01, two_rows, even23), coefficients, 0);
      StoreRows(_mm512_permutex2var_epi64(odd01, two_rows, odd23), coefficients, 1);
      StoreRows(_mm512_permutex2var_epi64(even01, next_two, even23), coefficients, 4);
      StoreRows(_mm512_permutex2var_epi64(odd01, next_two, odd23), coefficients, 5);
    }
    return escapes <= parts.end ? escapes : nullptr;
  }

 private:
  static HWY_INLINE __m512i Expand(uint64_t mask, __m512i values) {
    __m512i places;
    asm("vpexpandb %1, %0%{%2%}%{z%}"
        : "=v"(places)
        : "v"(values), "Yk"(static_cast<__mmask64>(mask)));
    return places;
  }

  // The values of a block, from its nibbles and the bytes that they stand for.
  static HWY_INLINE __m512i Values(const uint8_t* nibbles, size_t bytes, const uint8_t** escapes) {
    const __m512i pairs =
        _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(nibbles)));
    const __m512i small = _mm512_and_si512(_mm512_or_si512(pairs, _mm512_slli_epi16(pairs, 4)),
                                           _mm512_set1_epi8(0x0F));
    const __m512i signs = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1));
    __m512i values = _mm512_shuffle_epi8(signs, small);
    // All 64 where there are 32 bytes.
    const uint64_t present = _bzhi_u64(~uint64_t{0}, static_cast<uint32_t>(bytes) * 2);
    const uint64_t escaped =
        _mm512_mask_cmpeq_epi8_mask(present, small, _mm512_set1_epi8(kCoefEscape));
    asm("vpexpandb %1, %0%{%2%}"
        : "+v"(values)
        : "v"(_mm512_loadu_si512(*escapes)), "Yk"(static_cast<__mmask64>(escaped)));
    *escapes += hwy::PopCount(escaped);
    return values;
  }

  // Rows `row` and `row` + 2.
  static HWY_INLINE void StoreRows(__m512i rows, int16_t* coefficients, size_t row) {
    _mm512_store_si512(coefficients + row * 32, _mm512_cvtepi8_epi16(_mm512_castsi512_si256(rows)));
    _mm512_store_si512(coefficients + (row + 2) * 32,
                       _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(rows, 1)));
  }
};
#endif

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#endif  // HEADRACE_SIMD_COEF_EXPAND_INL_H_
