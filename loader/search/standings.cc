#include "loader/search/standings.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace headrace::loader {

ScoreSpread SpreadOf(std::span<const Outcome> outcomes) {
  ScoreSpread spread;
  double sum = 0;
  for (const Outcome& outcome : outcomes) {
    spread.failed += outcome.state == TrialState::kFailed;
    if (outcome.state != TrialState::kScored) continue;
    ++spread.scored;
    sum += outcome.score;
  }
  if (spread.scored == 0) return spread;
  const double count = spread.scored;
  spread.mean = sum / count;
  if (spread.scored < 2) return spread;
  double squares = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.state != TrialState::kScored) continue;
    squares += (outcome.score - spread.mean) * (outcome.score - spread.mean);
  }
  spread.standard_error = std::sqrt(squares / (count - 1) / count);
  return spread;
}

void SortByScore(std::vector<Standing>* standings) {
  std::ranges::sort(*standings, [](const Standing& a, const Standing& b) {
    return a.score != b.score ? a.score > b.score : a.id < b.id;
  });
  std::unordered_set<uint64_t> seen;
  std::erase_if(*standings, [&](const Standing& s) { return !seen.insert(s.hash).second; });
}

void SortByMean(std::vector<Standing>* standings) {
  std::ranges::stable_sort(*standings, [](const Standing& a, const Standing& b) {
    // Who failed on a seed must not win by having been spared a hard one.
    if (a.rescored.scored != b.rescored.scored) return a.rescored.scored > b.rescored.scored;
    return a.rescored.scored > 0 && a.rescored.mean > b.rescored.mean;
  });
}

}  // namespace headrace::loader
