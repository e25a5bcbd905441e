// A trial of `headrace search`: a policy that an evaluator scores, and what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::cli {

enum class TrialKind : uint8_t { kSearch, kRescore, kBaseline };
constexpr std::string_view TrialKindName(TrialKind kind) {
  switch (kind) {
    case TrialKind::kSearch: return "search";
    case TrialKind::kRescore: return "rescore";
    case TrialKind::kBaseline: return "baseline";
  }
  return "";
}

// What is asked of the evaluator.
struct Trial {
  uint64_t id = 0;  // the only one of its run
  TrialKind kind = TrialKind::kSearch;
  uint64_t of = 0;     // kRescore: the trial whose policy this is; kBaseline: its number; else id
  uint64_t seed = 0;   // the evaluator's
  std::string name;    // the policy's short form; of a baseline what it is called
  std::string policy;  // TOML of the policy file; empty in what comes from a state file
};

// How a trial failed. Trials that failed the same way have equal causes.
enum class FailureKind : uint8_t { kNone, kStart, kExit, kSignal, kTimeout, kNoScore, kNotFinite };
struct FailureCause {
  FailureKind kind = FailureKind::kNone;
  int number = 0;  // the exit status or the signal
  bool operator==(const FailureCause&) const = default;
};

struct Outcome {
  FailureCause cause;       // kNone: a score
  double score = 0;         // finite
  std::string reason;       // of a failure; one line
  std::string stderr_tail;  // of a failure; the last lines as they were printed
  double seconds = 0;       // of the attempt that counts
  bool is_good() const { return cause.kind == FailureKind::kNone; }
};

struct FinishedTrial {
  Trial trial;
  Outcome outcome;
};

}  // namespace headrace::cli
