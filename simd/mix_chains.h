// AugMix's mixture: weighted sums of pictures in f32, then a blend with the picture itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"

namespace headrace::simd {

// Bytes of the sums of pictures of this size; they are 64-byte aligned.
size_t MixSumsBytes(SizePx size, uint32_t channels);

// sums = weight * picture, or sums += weight * picture: the product is rounded to f32, then the
// sum. How the sums lie in their memory is this file's business and may differ from target to
// target.
enum class MixSums : uint8_t { kBegin, kGoOn };
void AddToMix(const ConstImageView& picture, float weight, MixSums how, std::span<std::byte> sums);

// out = (1 - share) * picture + share * sums, each product and the sum rounded to f32 and 1 - share
// computed once in f32; cut at 255 and rounded half to even. Weights and share are not below 0. All
// views of one size; `out` may be `picture`.
void FinishMix(const ConstImageView& picture, float share, std::span<const std::byte> sums,
               const ImageView& out);

}  // namespace headrace::simd
