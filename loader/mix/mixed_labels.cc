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

void MixLabelRows(const BatchMix& mix, uint32_t columns, std::span<const float> lambda,
                  float* soft) {
  if (mix.kind == MixKind::kNone) return;
  const auto at = [&](uint32_t sample, size_t column) -> float& {
    return soft[size_t{sample} * columns + column];
  };
  for (size_t c = 0; c + 1 < mix.chain_begin.size(); ++c) {
    const auto cycle = std::span<const uint32_t>(mix.chain).subspan(
        mix.chain_begin[c], mix.chain_begin[c + 1] - mix.chain_begin[c]);
    // Column by column, so that one number is all that has to be kept of the cycle's first row,
    // which its last sample still needs when it is mixed already.
    for (size_t column = 0; column < columns; ++column) {
      const float first = at(cycle.front(), column);
      for (size_t k = 0; k < cycle.size(); ++k) {
        const double lam = lambda[cycle[k]];
        if (lam == 1.0) continue;  // lends its row, and keeps it
        float& own = at(cycle[k], column);
        const float other = k + 1 == cycle.size() ? first : at(cycle[k + 1], column);
        own = static_cast<float>(lam * own + (1.0 - lam) * other);
      }
    }
  }
}

}  // namespace headrace::loader
