#include "simd/coef_unpack.h"

#include <algorithm>

#include "base/check.h"
#include "simd/reference_coef.h"
#include "simd/vbmi.h"
#include "simd/vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/coef_unpack.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "simd/coef_expand-inl.h"

HWY_BEFORE_NAMESPACE();
namespace headrace::simd {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

const uint8_t* UnpackHere(const CoefRun& run) { return reference::UnpackCoefficients(run, 1); }

#else

// False: damaged. Reads at most kCoefOverreadBytes behind the chunk: every pointer is checked to be
// inside before a piece is read from there.
template <class Expand>
HWY_INLINE bool UnpackChunk(const CoefChunk& chunk, int16_t* coefficients, uint8_t* last) {
  CoefParts parts;
  const uint64_t row_masks = CoefRowMasks(chunk);
  const uint8_t* at = chunk.column_masks();
  const size_t rows = hwy::PopCount(row_masks);
  if (rows > static_cast<size_t>(chunk.end - at)) return false;
  Expand::Masks(row_masks, at, parts.masks);
  at += rows;

  size_t values = 0;
  for (uint32_t b = 0; b < kCoefChunkBlocks; ++b) {
    values += hwy::PopCount(parts.masks[b]);
    last[b] = CoefLast(parts.masks[b]);
  }
  const size_t nibble_bytes = (values + 1) / 2;
  if (nibble_bytes > static_cast<size_t>(chunk.end - at)) return false;
  const uint8_t* escapes = at + nibble_bytes;
  for (size_t done = 0; done < values; done += Expand::kPiece) {
    escapes += Expand::Piece(at + done / 2, escapes, static_cast<uint32_t>(values - done),
                             parts.values + done);
    if (escapes > chunk.end) return false;
  }
  Expand::Blocks(parts, coefficients);
  UnpackCoefDc(chunk, kCoefGroupBlocks, coefficients);
  if (escapes == chunk.end) return true;
  return UnpackCoefPatches(chunk, escapes, kCoefGroupBlocks, coefficients, last);
}

template <class Expand>
HWY_INLINE const uint8_t* UnpackBy(const CoefRun& run) {
  const uint8_t* at = run.chunks;
  int16_t* coefficients = run.coefficients;
  uint8_t* last = run.last;
  for (uint32_t number = 0; number * kCoefChunkBlocks < run.blocks; ++number) {
    CoefChunk chunk;
    if (!OpenCoefChunk(run, number, at, &chunk)) return nullptr;
    if (!UnpackChunk<Expand>(chunk, coefficients, last)) return nullptr;
    coefficients += kCoefChunkValues;
    last += kCoefChunkBlocks;
    at = chunk.end;
  }
  return at;
}

const uint8_t* UnpackHere(const CoefRun& run) {
#if HEADRACE_HAVE_VBMI2
  if (UseVnni() && UseVbmi2()) return UnpackBy<ExpandByVbmi2>(run);
#endif
  return UnpackBy<ExpandByShuffle>(run);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace headrace::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace headrace::simd {
namespace {

HWY_EXPORT(UnpackHere);

}  // namespace

const uint8_t* UnpackCoefficients(const CoefRun& run) {
  HR_DCHECK(reinterpret_cast<uintptr_t>(run.coefficients) % 64 == 0);
  return HWY_DYNAMIC_DISPATCH(UnpackHere)(run);
}

}  // namespace headrace::simd
#endif  // HWY_ONCE
