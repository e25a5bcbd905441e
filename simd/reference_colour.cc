#include "simd/reference_colour.h"

#include <algorithm>

namespace headrace::simd::reference {
namespace {

// Calls function(value, channel) for every value of the picture.
template <class Function>
void ForEachValue(const ConstImageView& view, const Function& function) {
  for (uint32_t y = 0; y < view.height; ++y) {
    const uint8_t* row = view.Row(y);
    for (size_t i = 0; i < view.row_bytes(); ++i) function(row[i], i % view.channels);
  }
}

}  // namespace

void ApplyTables(const ConstImageView& source, const PointTables& tables, const ImageView& target) {
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* from = source.Row(y);
    uint8_t* to = target.Row(y);
    for (size_t i = 0; i < source.row_bytes(); ++i) {
      to[i] = tables.of[tables.same ? 0 : i % source.channels][from[i]];
    }
  }
}

void CountValues(const ConstImageView& source, ChannelHistograms* histograms) {
  *histograms = {};
  ForEachValue(source, [&](uint8_t value, size_t c) { ++histograms->of[c][value]; });
  for (size_t c = source.channels; c < 3; ++c) {
    std::copy_n(histograms->of[0], 256, histograms->of[c]);
  }
}

void FindMinMax(const ConstImageView& source, uint8_t low[3], uint8_t high[3]) {
  std::fill_n(low, 3, uint8_t{255});
  std::fill_n(high, 3, uint8_t{0});
  ForEachValue(source, [&](uint8_t value, size_t c) {
    low[c] = std::min(low[c], value);
    high[c] = std::max(high[c], value);
  });
  std::fill_n(low + source.channels, 3 - source.channels, low[0]);
  std::fill_n(high + source.channels, 3 - source.channels, high[0]);
}

uint8_t GrayOf(const uint8_t* rgb) {
  return static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16);
}

uint64_t GraySum(const ConstImageView& source) {
  uint64_t sum = 0;
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* row = source.Row(y);
    for (size_t i = 0; i < source.row_bytes(); i += source.channels) {
      sum += source.channels == 3 ? GrayOf(row + i) : row[i];
    }
  }
  return sum;
}

uint8_t Blend(uint8_t d, uint8_t x, float factor) {
  const float product = factor * static_cast<float>(x - d);
  return static_cast<uint8_t>(std::clamp(static_cast<float>(d) + product, 0.0f, 255.0f));
}

void Grayscale(const ConstImageView& source, const ImageView& target) {
  for (uint32_t y = 0; y < source.height; ++y) {
    for (size_t i = 0; i < source.row_bytes(); i += source.channels) {
      const uint8_t* from = source.Row(y) + i;
      std::fill_n(target.Row(y) + i, source.channels, source.channels == 3 ? GrayOf(from) : *from);
    }
  }
}

void ToGray(const ConstImageView& source, const ImageView& target) {
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* from = source.Row(y);
    uint8_t* to = target.Row(y);
    for (uint32_t x = 0; x < source.width; ++x, from += source.channels) {
      to[x] = source.channels == 3 ? GrayOf(from) : *from;
    }
  }
}

void Saturate(const ConstImageView& source, float factor, const ImageView& target) {
  for (uint32_t y = 0; y < source.height; ++y) {
    for (size_t i = 0; i < source.row_bytes(); i += source.channels) {
      const uint8_t* from = source.Row(y) + i;
      uint8_t* to = target.Row(y) + i;
      const uint8_t gray = source.channels == 3 ? GrayOf(from) : *from;
      for (uint32_t c = 0; c < source.channels; ++c) to[c] = Blend(gray, from[c], factor);
    }
  }
}

void Sharpen(const ConstImageView& source, float factor, const ImageView& target) {
  const size_t channels = source.channels;
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* row = source.Row(y);
    for (size_t i = 0; i < source.row_bytes(); ++i) {
      const bool inside =
          y > 0 && y + 1 < source.height && i >= channels && i + channels < source.row_bytes();
      uint8_t smooth = row[i];
      if (inside) {
        int sum = 4 * row[i];
        for (const uint32_t at : {y - 1, y, y + 1}) {
          const uint8_t* near = source.Row(at) + i;
          sum += *(near - channels) + *near + *(near + channels);
        }
        smooth = static_cast<uint8_t>((sum + 6) / 13);
      }
      target.Row(y)[i] = Blend(smooth, row[i], factor);
    }
  }
}

}  // namespace headrace::simd::reference
