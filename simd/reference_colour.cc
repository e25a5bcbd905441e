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

}  // namespace headrace::simd::reference
