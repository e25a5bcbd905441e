// Which policy of a search is the best.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "loader/search/trial.h"

namespace headrace::loader {

// Of some scores.
struct ScoreSpread {
  uint32_t scored = 0;
  uint32_t failed = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();            // none scored: NaN
  double standard_error = std::numeric_limits<double>::quiet_NaN();  // of the mean; fewer than 2
};
ScoreSpread SpreadOf(std::span<const Outcome> outcomes);

// A policy of the search proper.
struct Standing {
  uint64_t id = 0;    // of its best trial, the first of them
  uint64_t hash = 0;  // of the policy
  double score = 0;   // of that trial
  ScoreSpread rescored;
};

// By score, equal ones by id; policies with the same hash count once, by their best trial.
void SortByScore(std::vector<Standing>* standings);
// Those with more scores on fresh seeds first, and those with as many by their mean. The best of
// many noisy scores is an optimistic one; a mean over fresh seeds is not.
void SortByMean(std::vector<Standing>* standings);

}  // namespace headrace::loader
