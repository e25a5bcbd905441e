// What a search knows about one trial.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

#include "loader/policy_file.h"
#include "loader/search/policy_space.h"

namespace headrace::loader {

enum class TrialKind : uint8_t { kSearch, kRescore, kBaseline };
enum class TrialState : uint8_t { kOut, kScored, kFailed };

// What became of a trial.
struct Outcome {
  TrialState state = TrialState::kOut;
  double score = std::numeric_limits<double>::quiet_NaN();  // of kScored: finite
  std::string failed;                                       // of kFailed: why, one printable line
};
inline constexpr size_t kFailedBytesMax = 300;
// Scores beyond this, whose squares would soon be infinite, are somebody's word for a failure.
inline constexpr double kScoreMax = 1e100;

// A trial after the search proper, whatever its number comes to be.
struct FinalTrial {
  TrialKind kind = TrialKind::kRescore;
  uint64_t of = 0;    // a trial of the search proper, or a baseline's number
  uint32_t seed = 0;  // number of the fresh seed
  friend auto operator<=>(const FinalTrial&, const FinalTrial&) = default;
};

// All there is to say about a trial that was asked.
struct TrialFacts {
  TrialKind kind = TrialKind::kSearch;
  uint64_t id = 0;
  uint64_t of = 0;
  uint64_t seed = 0;
  PolicyFile policy;
  Genome genome;          // empty: not in the space
  const char* name = "";  // of a baseline; static
  Outcome outcome;
};

}  // namespace headrace::loader
