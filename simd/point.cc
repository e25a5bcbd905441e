#include "simd/point.h"

#include <algorithm>

namespace headrace::simd {

void ApplyTables(const ConstImageView& source, const PointTables& tables, const ImageView& target) {
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* from = source.Row(y);
    uint8_t* to = target.Row(y);
    for (size_t i = 0; i < source.row_bytes(); ++i) to[i] = tables.of[i % source.channels][from[i]];
  }
}

void CountValues(const ConstImageView& source, ChannelHistograms* counts) {
  *counts = {};
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* from = source.Row(y);
    for (size_t i = 0; i < source.row_bytes(); ++i) ++counts->of[i % source.channels][from[i]];
  }
  if (source.channels == 3) return;
  for (size_t c = 1; c < 3; ++c) std::copy_n(counts->of[0], 256, counts->of[c]);
}

void FindMinMax(const ConstImageView& source, uint8_t low[3], uint8_t high[3]) {
  std::fill_n(low, 3, uint8_t{255});
  std::fill_n(high, 3, uint8_t{0});
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* from = source.Row(y);
    for (size_t i = 0; i < source.row_bytes(); ++i) {
      const size_t c = i % source.channels;
      low[c] = std::min(low[c], from[i]);
      high[c] = std::max(high[c], from[i]);
    }
  }
  if (source.channels == 3) return;
  low[1] = low[2] = low[0];
  high[1] = high[2] = high[0];
}

uint64_t GraySum(const ConstImageView& source) {
  uint64_t sum = 0;
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* p = source.Row(y);
    for (uint32_t x = 0; x < source.width; ++x, p += source.channels) {
      sum += source.channels == 1 ? p[0]
                                  : (19595u * p[0] + 38470u * p[1] + 7471u * p[2] + 32768u) >> 16;
    }
  }
  return sum;
}

}  // namespace headrace::simd
