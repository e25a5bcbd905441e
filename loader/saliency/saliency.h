// Where a picture is salient, without a model: cheap estimates on a grid of 64 x 64 cells.
//
// What: a picture's pixels to a map of how much each place of it matters, for R-Mix and for
// object_zoom. Owner: none; free functions. Thread: any. Cost: about a tenth of a millisecond for
// a picture of 224 x 224; nothing is allocated.
//
// The map depends on the pixels alone: only + - * / and square roots in a fixed order, and
// base/real_math for the rest, so it has the same bits on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "simd/convert.h"

namespace headrace::loader {

inline constexpr uint32_t kSaliencySide = 64;
inline constexpr size_t kSaliencyCells = size_t{kSaliencySide} * kSaliencySide;

enum class SaliencyEstimator : uint8_t {
  kSr,        // spectral residual: what the smooth part of the log spectrum does not explain
  kSobel,     // length of the gradient, blurred
  kContrast,  // boxes against the boxes around them, in three sizes and colours
  kCenter,    // the centre prior alone
  kUniform,   // every place alike
};

// Scratch that EstimateSaliency takes for a picture of `size`.
size_t SaliencyScratchBytes(SizePx size);

// Fills `map`, kSaliencySide x kSaliencySide, row-major, all numbers finite and at least 0, of a
// picture of 3 channels or 1; its cells are equal parts of the picture. `centre_prior`: places far
// from the centre count less. A picture in which there is nothing to find (of one colour), and
// kUniform, gives ones. `scratch` is 64-byte aligned. With `flip` the map is that of the picture's
// mirror image, to the last bit.
void EstimateSaliency(SaliencyEstimator estimator, bool centre_prior, const ConstImageView& rgb,
                      std::span<float> map, std::span<std::byte> scratch,
                      simd::FlipColumns flip = simd::FlipColumns::kNo);

}  // namespace headrace::loader
