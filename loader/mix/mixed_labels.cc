#include <algorithm>

#include "loader/mix/mixer.h"

namespace headrace::loader {

void MakeMixedLabels(const BatchMix& mix, uint32_t class_count, std::span<const int64_t> labels,
                     std::span<const float> lambda, std::span<const int32_t> partner, float* soft) {
  const size_t classes = class_count;
  const double smoothing = mix.label_smoothing;
  const double off = classes == 0 ? 0.0 : smoothing / static_cast<double>(classes);
  const double on = 1.0 - smoothing + off;
  const auto is_class = [classes](int64_t label) {
    return label >= 0 && static_cast<uint64_t>(label) < classes;
  };
  for (size_t i = 0; i < labels.size(); ++i) {
    float* row = soft + i * classes;
    const int64_t own = labels[i];
    if (!is_class(own)) {
      std::fill_n(row, classes, 0.0f);
      continue;
    }
    const int64_t other = labels[static_cast<size_t>(partner[i])];
    const double lam = lambda[i];
    if (own == other || lam == 1.0) {  // not summed from two parts, so it is `on` to the last bit
      std::fill_n(row, classes, static_cast<float>(off));
      row[own] = static_cast<float>(on);
    } else if (!is_class(other)) {
      std::fill_n(row, classes, static_cast<float>(lam * off));
      row[own] = static_cast<float>(lam * on);
    } else {
      std::fill_n(row, classes, static_cast<float>(off));
      row[own] = static_cast<float>(lam * on + (1.0 - lam) * off);
      row[other] = static_cast<float>((1.0 - lam) * on + lam * off);
    }
  }
}

}  // namespace headrace::loader
