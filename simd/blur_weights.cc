#include <cmath>

#include "base/real_math.h"
#include "simd/blur.h"

namespace headrace::simd {

void BlurWeights(uint32_t size, double sigma, std::span<float> weights) {
  const uint32_t radius = size / 2;
  const auto width = static_cast<float>(sigma);
  weights[0] = 1;
  for (uint32_t d = 1; d <= radius; ++d) {
    // Infinite when sigma is next to nothing, which is right.
    const float x = static_cast<float>(d) / width;
    weights[d] = static_cast<float>(RealExp(-0.5 * static_cast<double>(x * x)));
  }
  float sum = 0;  // from the first weight to the last
  for (uint32_t i = 0; i < size; ++i) sum += weights[i < radius ? radius - i : i - radius];
  for (uint32_t d = 0; d <= radius; ++d) weights[d] /= sum;
}

void FixedBlurWeights(std::span<const float> weights, std::span<int16_t> fixed) {
  // From outside to the middle, each rounded with what was lost before.
  double exact = 0;
  int taken = 0;
  for (size_t d = weights.size() - 1; d > 0; --d) {
    exact += static_cast<double>(weights[d]) * 65536;
    const int here = static_cast<int>(exact + 0.5) - taken;
    fixed[d] = static_cast<int16_t>(here);
    taken += here;
  }
  // 1 itself has no 16-bit number: it is left to the caller to see that nothing else counts.
  fixed[0] = static_cast<int16_t>(taken == 0 ? 32767 : 32768 - taken);
}

}  // namespace headrace::simd
