// A search whose right answer is known: what an op is worth is planted, and scores are noisy.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "loader/search/searcher.h"

namespace headrace::loader {

// The score of a policy of AutoAugment's space: 1 at best. Ops 4, 0, 11 and 2 of the space help,
// the most at their own magnitude and up to twice in a policy; 6, 8 and 9 hurt, the more the
// harder.
inline double PlantedScore(const Genome& genome) {
  constexpr std::array<double, 16> kWorth = {0.8,  0,    0.5, 0,   1, 0, -1, 0,
                                             -0.6, -0.4, 0,   0.7, 0, 0, 0,  0};
  constexpr std::array<int, 16> kBest = {6, 3, 4, 7, 5, 0, 0, 0, 5, 5, 4, 5, 3, 4, 5, 0};
  constexpr double kMost = 6.0;
  std::array<double, 16> gain{};
  double sum = 0;
  for (size_t i = 0; i < genome.size(); i += 3) {
    const uint32_t op = genome[i];
    const double probability = genome[i + 1] / 10.0;
    const int magnitude = static_cast<int>(genome[i + 2]);
    const double worth = kWorth[op];
    if (worth > 0) {
      gain[op] += worth * probability * (1 - std::abs(magnitude - kBest[op]) / 9.0);
    } else {
      sum += worth * probability * (magnitude + 1) / 10.0;
    }
  }
  for (size_t op = 0; op < gain.size(); ++op) {
    sum += std::min(gain[op], 2 * std::max(kWorth[op], 0.0));
  }
  return sum / kMost;
}

// PlantedScore with the noise of an evaluation: Normal(0, 0.03), a function of the trial's seed.
inline double NoisyScore(const Genome& genome, uint64_t seed) {
  RandomStream stream({.seed = seed, .name = "test/noise"});
  return PlantedScore(genome) + 0.03 * stream.NextNormal();
}

inline std::unique_ptr<Searcher> MustMake(const SearchOptions& options,
                                          const SearchConfig& config = {}) {
  std::unique_ptr<Searcher> searcher;
  ConfigError error;
  if (!Searcher::Make(config, options, &searcher, &error)) std::abort();
  return searcher;
}

}  // namespace headrace::loader
