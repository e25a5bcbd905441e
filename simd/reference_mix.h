// The plain twin of mix_chains.h.
#pragma once

#include <span>

#include "base/image_view.h"
#include "simd/mix_chains.h"

namespace headrace::simd::reference {

void AddToMix(const ConstImageView& picture, float weight, MixSums how, std::span<std::byte> sums);
void FinishMix(const ConstImageView& picture, float share, std::span<const std::byte> sums,
               const ImageView& out);

}  // namespace headrace::simd::reference
