// Shot noise: every value becomes a Poisson count around it.
//
// out = clamp(R(k / peak 255)), k from Poisson(x / 255 peak): k is the inverse CDF of a random word
// of the key's field (simd/noise.h), word: the element's index. A table has the CDF of the results
// for each of the 256 values, in units of 2^-31, so an element costs a look-up whatever the peak
// is. Probabilities are summed term by term up to means of a few thousand; beyond they are values
// of the regularised incomplete gamma function (Temme's uniform expansion), exact to the unit.
#pragma once

#include <array>
#include <cstdint>

#include "base/image_view.h"

namespace headrace::simd {

// The table of one peak. Plain data of half a megabyte, for memory that the caller has; any thread
// may read it once it is made.
struct PoissonTable {
  // Results that occur, ascending: level[i] for i < level_count.
  std::array<uint8_t, 256> level;
  uint32_t level_count;
  // A word w makes of value x the first level i with w / 2 < end[x][i]. The last is 2^31.
  std::array<std::array<uint32_t, 256>, 256> end;
  // A shortcut by the highest 8 bits of w, if all words that share them give level i or i + 1:
  // what the other bits of w / 2 must reach for i + 1, times 256, plus i. Else kSearch.
  std::array<std::array<uint32_t, 256>, 256> shortcut;
  static constexpr uint32_t kSearch = 0xFFFFFFFF;
};

inline constexpr double kPoissonPeakMax = 1e6;

// 0 < peak <= kPoissonPeakMax. A few hundred microseconds.
void MakePoissonTable(double peak, PoissonTable* table);

// Source and target are of one size and may be the same picture.
void AddPoissonNoise(const ConstImageView& source, const PoissonTable& table, uint64_t key,
                     const ImageView& target);

}  // namespace headrace::simd
