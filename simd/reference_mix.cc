#include "simd/reference_mix.h"

#include <algorithm>
#include <cmath>

namespace headrace::simd::reference {

void AddToMix(const ConstImageView& picture, float weight, MixSums how, std::span<std::byte> sums) {
  auto* sum = reinterpret_cast<float*>(sums.data());
  for (uint32_t y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.Row(y);
    for (size_t i = 0; i < picture.row_bytes(); ++i, ++sum) {
      const float product = weight * static_cast<float>(row[i]);
      *sum = how == MixSums::kBegin ? product : *sum + product;
    }
  }
}

void FinishMix(const ConstImageView& picture, float share, std::span<const std::byte> sums,
               const ImageView& out) {
  const float rest = 1.0f - share;
  const auto* sum = reinterpret_cast<const float*>(sums.data());
  for (uint32_t y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.Row(y);
    uint8_t* to = out.Row(y);
    for (size_t i = 0; i < picture.row_bytes(); ++i, ++sum) {
      const float own = rest * static_cast<float>(row[i]);
      const float chains = share * *sum;
      // The default rounding mode: half to even.
      to[i] = static_cast<uint8_t>(std::nearbyintf(std::clamp(own + chains, 0.0f, 255.0f)));
    }
  }
}

}  // namespace headrace::simd::reference
