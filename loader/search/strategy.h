// How a search comes to its next policy.
//
// A strategy is a function of what it was told, in the order of the trials, and of the streams it
// is given: it keeps no random state, so that replaying a journal brings it to the same place.
// Arithmetic is IEEE + - * / and square root, and log and exp of base/: the same on every machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "loader/search/policy_space.h"

namespace headrace::loader {

enum class SearchStrategy : uint8_t { kRandom, kEvolution, kReinforce, kPpo };
inline constexpr std::string_view kSearchStrategyNames[] = {"random", "evolution", "reinforce",
                                                            "ppo"};
// Raised when the same scores would lead a strategy elsewhere: states of another one are refused.
inline constexpr uint32_t kStrategiesVersion = 2;

struct Proposal {
  Genome genome;
  // Of each gene, when it was drawn; empty where the strategy does not draw by probabilities.
  std::vector<double> log_probability;
};

// What: a strategy. Owner: Searcher. Thread: the searcher's. Cost: microseconds to a millisecond
// for a proposal or a score, and some hundred KB at most for AutoAugment's space; allocates.
class Strategy {
 public:
  virtual ~Strategy() = default;
  // May be called several times for one trial; only the last proposal counts.
  virtual Proposal Propose(RandomStream* stream) = 0;
  // The score of a proposal, higher is better. In the order of the trials.
  virtual void Learn(Proposal proposal, double score) = 0;
};

std::unique_ptr<Strategy> MakeStrategy(SearchStrategy which, const PolicySpace& space);

}  // namespace headrace::loader
