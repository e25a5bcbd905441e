#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "simd/convert.h"
#include "simd/half.h"

namespace headrace::simd {
namespace {

bool SplitHolds(const ConvertTable::Split& split, const float* table) {
  for (int v = 0; v < 256; ++v) {
    const auto value = static_cast<float>(v);
    const float high = value * split.scale_high + split.offset_high;
    const float low = value * split.scale_low + split.offset_low;
    if (high + low != table[v]) return false;
  }
  return true;
}

// The high parts are multiples of one unit, so few that v * scale_high and the sum with offset_high
// stay below 2^24 units, where f32 is exact.
ConvertTable::Split MakeSplit(double scale, double offset) {
  const double most =
      std::max({std::fabs(255 * scale), std::fabs(offset), std::fabs(255 * scale + offset)});
  int exponent = 0;
  std::frexp(most * 1.01, &exponent);
  const double unit = std::ldexp(1.0, exponent - 24);
  const double scale_high = std::nearbyint(scale / unit) * unit;
  const double offset_high = std::nearbyint(offset / unit) * unit;
  return {static_cast<float>(scale_high), static_cast<float>(scale - scale_high),
          static_cast<float>(offset_high), static_cast<float>(offset - offset_high)};
}

// A split that gives the table, if one is near. The plain one does for 97 of 100 pairs of mean and
// deviation. For the others a value lies so near the middle of two floats that the rounding of the
// low parts decides: those are then moved by a few units in the last place. A value that is exactly
// zero (the mean is v / 255) is made so by choosing the offsets from the scales.
bool FindSplit(double scale, double offset, const float* table, ConvertTable::Split* found) {
  const ConvertTable::Split start = MakeSplit(scale, offset);
  const float* zero = std::find(table, table + 256, 0.0f);
  const bool pinned = zero != table + 256;
  const auto zero_at = static_cast<float>(zero - table);
  constexpr int kScaleSteps = 3;
  constexpr int kOffsetSteps = 24;
  for (int j = 0; j <= 2 * kOffsetSteps; ++j) {
    for (int i = 0; i <= 2 * kScaleSteps; ++i) {
      // 0, 1, -1, 2, -2, ...
      const auto signed_step = [](int n) {
        return static_cast<float>(n % 2 ? (n + 1) / 2 : -n / 2);
      };
      ConvertTable::Split split = start;
      split.scale_low *= 1.0f + signed_step(i) * 0x1p-20f;
      split.offset_low *= 1.0f + signed_step(j) * 0x1p-23f;
      if (pinned) {
        split.offset_high = -(zero_at * split.scale_high);
        split.offset_low = -(zero_at * split.scale_low);
      }
      if (SplitHolds(split, table)) {
        *found = split;
        return true;
      }
    }
  }
  return false;
}

}  // namespace

ConvertTable MakeConvertTable(Dtype dtype, Layout layout, uint32_t channels, const double* mean,
                              const double* std) {
  ConvertTable table = {};
  table.dtype = dtype;
  table.layout = layout;
  table.channels = channels;
  table.split_is_exact = true;
  for (uint32_t c = 0; c < channels; ++c) {
    const double m = mean != nullptr ? mean[c] : 0.0;
    const double s = std != nullptr ? std[c] : 1.0;
    table.scale[c] = 1.0 / (255.0 * s);
    table.offset[c] = -m / s;
    for (int v = 0; v < 256; ++v) {
      const auto value = static_cast<float>((v / 255.0 - m) / s);
      table.f32[c][v] = value;
      table.half[c][v] = dtype == Dtype::kBF16 ? Bfloat16OfFloat(value) : HalfOfFloat(value);
    }
    if (!FindSplit(table.scale[c], table.offset[c], table.f32[c], &table.split[c])) {
      table.split_is_exact = false;
    }
  }
  return table;
}

}  // namespace headrace::simd
