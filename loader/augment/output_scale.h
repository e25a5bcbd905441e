// What becomes of pixels after the ops: (v / 255 - mean) / std. Occlusion may be asked to look like
// the mean, or like noise, of that.
#pragma once

#include <array>

#include "loader/config.h"

namespace headrace::loader {

struct OutputScale {
  bool has_mean = false;  // false: the configuration has no mean
  std::array<double, 3> mean = {0, 0, 0};
  std::array<double, 3> std = {1, 1, 1};
};

inline OutputScale ScaleOf(const OutputConfig& output) {
  OutputScale scale;
  scale.has_mean = output.mean.has_value() && !output.mean->empty();
  for (size_t c = 0; c < 3; ++c) {
    // One channel: made of three grey ones after the ops.
    if (scale.has_mean) scale.mean[c] = (*output.mean)[c % output.mean->size()];
    if (output.std.has_value() && !output.std->empty()) {
      scale.std[c] = (*output.std)[c % output.std->size()];
    }
  }
  return scale;
}

}  // namespace headrace::loader
