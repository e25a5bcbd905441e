// The plain twins of the kernels: one obvious loop each, no vectors, the same bits. Tests compare
// every SIMD target with them; they are also what the one-lane fallback runs where speed is no aim.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/image_view.h"
#include "simd/convert.h"
#include "simd/resize.h"

namespace headrace::simd::reference {

void FlipHorizontal(const ConstImageView& source, const ImageView& target);
void Orient(const ConstImageView& source, uint8_t orientation, const ImageView& target);

// Takes memory of its own.
void Resize(const ConstImageView& source, const ImageView& target, Filter filter, Mirror mirror);

// From the table's values, pixel by pixel.
void Convert(const ConstImageView& source, FlipColumns flip, const ConvertTable& table, void* out);

void F32ToF16(const float* in, uint16_t* out, size_t count);
void F16ToF32(const uint16_t* in, float* out, size_t count);
void F32ToBF16(const float* in, uint16_t* out, size_t count);
void BF16ToF32(const uint16_t* in, float* out, size_t count);

void BlendInPlace(Dtype dtype, void* inout, const void* other, float lam, size_t count);

}  // namespace headrace::simd::reference
