// Random noise on pixels, 1 or 3 interleaved channels.
//
// A noise field is addressed by a 64-bit key: word i of Philox4x32-10 with that key is word i % 4
// of the block of counter (i / 4, 0, 0), 64 bits of number first. What an element becomes depends
// on its value, its index in the picture (row by row, channels innermost) and the key only, so it
// is the same on every target and for any stride. A word's normal is its quantile: 30 bits choose
// the probability, the highest one the sign; 0 is the smallest, so tails end at 6.2 standard
// deviations.
//
// Source and target are of one size and may be the same picture. f32 arithmetic, in the written
// order, never fused; R rounds half to even; clamp limits to 0 to 255.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"

namespace headrace::simd {

// Words first, first + 1, ... of the field.
void MakeNoiseWords(uint64_t key, uint64_t first, std::span<uint32_t> words);
// Their normals: mean 0, standard deviation 1.
void MakeNormals(uint64_t key, uint64_t first, std::span<float> normals);

struct GaussianNoise {
  double mean = 0.0;        // 1 is full scale
  double sigma = 0.1;       // as mean; at most 100
  bool clip = true;         // false: results keep their lowest 8 bits
  bool per_channel = true;  // false: one normal a pixel, for all its channels
  bool trunc = false;       // the noise is cut to a whole number before it is added
};

// clamp(R(x + (f32(255 sigma) n + f32(255 mean)))), word: the element's index, or the pixel's.
void AddGaussianNoise(const ConstImageView& source, const GaussianNoise& noise, uint64_t key,
                      const ImageView& target);

// clamp(R(x + x (f32(sigma) n + f32(mean)))), word: the element's index.
void AddSpeckleNoise(const ConstImageView& source, double mean, double sigma, uint64_t key,
                     const ImageView& target);

struct SaltPepper {
  double amount = 0.05;      // probability of a change
  double salt = 0.5;         // probability of 255 then, else 0
  bool per_channel = false;  // true: for each element by itself
};

// Pixel (or element) i: word 2i says whether it changes, word 2i + 1 to what, each as
// (w >> 8) 2^-24 below the probability.
void AddSaltPepperNoise(const ConstImageView& source, const SaltPepper& noise, uint64_t key,
                        const ImageView& target);

// How normals become values of channel c: clamp(R(f32(255 std[c]) n + f32(255 mean[c]))).
struct NoiseColour {
  double mean[3] = {0.0, 0.0, 0.0};
  double std[3] = {1.0, 1.0, 1.0};
};

// Every element of `target` is noise; word: the element's index in `target`.
void FillWithNoise(const NoiseColour& colour, uint64_t key, const ImageView& target);

}  // namespace headrace::simd
