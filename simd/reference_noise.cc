#include "simd/reference_noise.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/rng.h"
#include "simd/normal_table.h"

namespace headrace::simd::reference {
namespace {

// Nearest integer, half to even (the rounding mode is never changed), then into a byte.
uint8_t ClampedByte(float value) {
  return static_cast<uint8_t>(std::clamp(static_cast<int>(std::nearbyint(value)), 0, 255));
}

template <class Each>
void ForEachElement(const ImageView& target, const Each& each) {
  for (uint32_t y = 0; y < target.height; ++y) {
    for (uint32_t x = 0; x < target.width; ++x) {
      const uint64_t pixel = uint64_t{y} * target.width + x;
      for (uint32_t c = 0; c < target.channels; ++c) {
        each(y, size_t{x} * target.channels + c, c, pixel, pixel * target.channels + c);
      }
    }
  }
}

}  // namespace

uint32_t NoiseWord(uint64_t key, uint64_t index) {
  const uint64_t block = index / 4;
  const PhiloxBlock words =
      Philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0},
                 static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32));
  return words[index % 4];
}

float NormalOfWord(uint32_t word) {
  const auto m = static_cast<float>((word & 0x7FFFFFFF) | 1);  // rounded to nearest
  const auto bits = std::bit_cast<uint32_t>(m);
  const float* cubic = kNormalCubics[(bits >> 23) & 31];
  const auto x = std::bit_cast<float>((bits & 0x7FFFFF) | 0x3F800000);
  const float size = ((cubic[3] * x + cubic[2]) * x + cubic[1]) * x + cubic[0];
  return std::bit_cast<float>(std::bit_cast<uint32_t>(size) ^ (word & 0x80000000));
}

void AddGaussianNoise(const ConstImageView& source, const GaussianNoise& noise, uint64_t key,
                      const ImageView& target) {
  const auto scale = static_cast<float>(noise.sigma * 255);
  const auto offset = static_cast<float>(noise.mean * 255);
  ForEachElement(target, [&](uint32_t y, size_t i, uint32_t, uint64_t pixel, uint64_t element) {
    const float normal = NormalOfWord(NoiseWord(key, noise.per_channel ? element : pixel));
    float added = normal * scale + offset;
    if (noise.trunc) added = std::trunc(added);
    const float sum = static_cast<float>(source.Row(y)[i]) + added;
    const auto whole = static_cast<int>(std::nearbyint(sum));
    target.Row(y)[i] = noise.clip ? ClampedByte(sum) : static_cast<uint8_t>(whole & 255);
  });
}

void AddSpeckleNoise(const ConstImageView& source, double mean, double sigma, uint64_t key,
                     const ImageView& target) {
  const auto scale = static_cast<float>(sigma);
  const auto offset = static_cast<float>(mean);
  ForEachElement(target, [&](uint32_t y, size_t i, uint32_t, uint64_t, uint64_t element) {
    const auto x = static_cast<float>(source.Row(y)[i]);
    const float factor = NormalOfWord(NoiseWord(key, element)) * scale + offset;
    target.Row(y)[i] = ClampedByte(x + x * factor);
  });
}

void AddSaltPepperNoise(const ConstImageView& source, const SaltPepper& noise, uint64_t key,
                        const ImageView& target) {
  const auto unit = [&](uint64_t index) {
    return static_cast<double>(NoiseWord(key, index) >> 8) * 0x1p-24;
  };
  ForEachElement(target, [&](uint32_t y, size_t i, uint32_t, uint64_t pixel, uint64_t element) {
    const uint64_t index = noise.per_channel ? element : pixel;
    uint8_t value = source.Row(y)[i];
    if (unit(2 * index) < noise.amount) value = unit(2 * index + 1) < noise.salt ? 255 : 0;
    target.Row(y)[i] = value;
  });
}

void AddPoissonNoise(const ConstImageView& source, const PoissonTable& table, uint64_t key,
                     const ImageView& target) {
  ForEachElement(target, [&](uint32_t y, size_t i, uint32_t, uint64_t, uint64_t element) {
    const auto& end = table.end[source.Row(y)[i]];
    const uint32_t word = NoiseWord(key, element) / 2;
    size_t level = 0;
    while (word >= end[level]) ++level;
    target.Row(y)[i] = table.level[level];
  });
}

void FillWithNoise(const NoiseColour& colour, uint64_t key, const ImageView& target) {
  ForEachElement(target, [&](uint32_t y, size_t i, uint32_t c, uint64_t, uint64_t element) {
    const auto scale = static_cast<float>(colour.std[c] * 255);
    const auto offset = static_cast<float>(colour.mean[c] * 255);
    target.Row(y)[i] = ClampedByte(NormalOfWord(NoiseWord(key, element)) * scale + offset);
  });
}

}  // namespace headrace::simd::reference
