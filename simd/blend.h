// Weighted sums of two runs of elements, for mixing across samples.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/convert.h"

namespace headrace::simd {

// inout[i] = lam * inout[i] + (1 - lam) * other[i], for `count` elements of `dtype`.
// f32: two products and a sum, each rounded, never fused; 1 - lam is computed once in f32.
// f16, bf16: the same in f32, rounded once to the type (nearest even).
// u8: the same in f32, rounded half to even, which cannot leave 0..255 for lam in [0, 1].
// The two runs do not overlap.
void BlendInPlace(Dtype dtype, void* inout, const void* other, float lam, size_t count);

}  // namespace headrace::simd
