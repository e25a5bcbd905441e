// Plain twins of the noise kernels, element by element.
#pragma once

#include "simd/noise.h"
#include "simd/poisson.h"

namespace headrace::simd::reference {

uint32_t NoiseWord(uint64_t key, uint64_t index);
float NormalOfWord(uint32_t word);

void AddGaussianNoise(const ConstImageView& source, const GaussianNoise& noise, uint64_t key,
                      const ImageView& target);
void AddSpeckleNoise(const ConstImageView& source, double mean, double sigma, uint64_t key,
                     const ImageView& target);
void AddSaltPepperNoise(const ConstImageView& source, const SaltPepper& noise, uint64_t key,
                        const ImageView& target);
// By the table's CDF alone.
void AddPoissonNoise(const ConstImageView& source, const PoissonTable& table, uint64_t key,
                     const ImageView& target);
void FillWithNoise(const NoiseColour& colour, uint64_t key, const ImageView& target);

}  // namespace headrace::simd::reference
