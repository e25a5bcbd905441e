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

// False: damaged. Reads at most kCoefOverreadBytes behind the chunk.
template <class Expand>
HWY_INLINE bool UnpackChunk(const CoefChunk& chunk, int16_t* coefficients, uint8_t* last) {
  CoefParts parts;
  const uint64_t row_masks = CoefRowMasks(chunk);
  const uint8_t* at = chunk.column_masks();
  const size_t rows = hwy::PopCount(row_masks);
  if (rows > static_cast<size_t>(chunk.end - at)) return false;
  Expand::Masks(row_masks, at, parts.masks);
  at += rows;

  size_t nibble_bytes = 0;
  for (uint32_t b = 0; b < kCoefChunkBlocks; ++b) {
    nibble_bytes += CoefNibbleBytes(parts.masks[b]);
  }
  Expand::Last(parts.masks, last);
  if (nibble_bytes > static_cast<size_t>(chunk.end - at)) return false;
  parts.nibbles = at;
  parts.escapes = at + nibble_bytes;
  parts.end = chunk.end;
  at = Expand::Blocks(parts, coefficients);
  if (at == nullptr) return false;
  UnpackCoefDc(chunk, kCoefGroupBlocks, coefficients);
  if (at == chunk.end) return true;
  return UnpackCoefPatches(chunk, at, kCoefGroupBlocks, coefficients, last);
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
