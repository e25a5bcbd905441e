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
    const int64_t other = labels[static_cast<size_t>(partner[i])];
    const double lam = lambda[i];
    if (own == other || lam == 1.0) {
      // Not summed from two parts, so it is `on` to the last bit.
      const bool known = is_class(own);
      std::fill_n(row, classes, static_cast<float>(known ? off : 0.0));
      if (known) row[own] = static_cast<float>(on);
      continue;
    }
    // What belongs to no class has no part in the sum.
    const double own_share = is_class(own) ? lam : 0.0;
    const double other_share = is_class(other) ? 1.0 - lam : 0.0;
    const bool both = is_class(own) && is_class(other);
    std::fill_n(row, classes, static_cast<float>(both ? off : (own_share + other_share) * off));
    if (is_class(own)) row[own] = static_cast<float>(own_share * on + other_share * off);
    if (is_class(other)) row[other] = static_cast<float>(other_share * on + own_share * off);
  }
}

}  // namespace headrace::loader
