// Gaussian blur of interleaved 8-bit pixels, 1 or 3 channels.
//
// Weights are torchvision's: exp(-x^2 / (2 sigma^2)) in f32, over their sum. Rows are blurred
// first, then columns; outside lies the picture in reverse, the border pixel not repeated, as often
// as it takes. Sums add the two pixels at equal distance first, then go outwards.
//
// Kernels of up to 31: 16-bit fixed point, the picture between the passes with 6 bits behind the
// point. Results are the exact value's nearest byte but where that is within 0.2 of a half (in
// practice 0.05), and flat areas stay as they are. Larger kernels: f32 throughout, rounded half to
// even at the end. The same bytes on every target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"

namespace headrace::simd {

inline constexpr uint32_t kBlurKernelMax = 255;

struct GaussianKernel {
  uint32_t width = 5;   // odd, at most kBlurKernelMax
  uint32_t height = 5;  // odd, at most kBlurKernelMax
  double sigma = 1.0;   // above 0, at most 100
};

uint64_t BlurScratchBytes(SizePx size, uint32_t channels, const GaussianKernel& kernel);

// Source and target are of one size and may be the same picture. `scratch` is 64-byte aligned.
void GaussianBlur(const ConstImageView& source, const GaussianKernel& kernel,
                  const ImageView& target, std::span<std::byte> scratch);

// The weights of one axis, of which there are size / 2 + 1, the middle one first.
void BlurWeights(uint32_t size, double sigma, std::span<float> weights);
// The same for 16-bit sums, in units of 2^-16 for each of a pair of pixels (for the middle one
// halved, as it pairs with itself). Flat areas keep their value: pairs add up to 2^15.
void FixedBlurWeights(std::span<const float> weights, std::span<int16_t> fixed);

}  // namespace headrace::simd
