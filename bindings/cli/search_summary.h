// What a search has come to, for people and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bindings/cli/search_options.h"
#include "bindings/cli/search_session.h"

namespace headrace::cli {

struct SearchSummary {
  hr_search_counts counts = {};
  std::vector<ScoredPolicy> best;       // the best few; the first is the winner
  std::vector<ScoredPolicy> baselines;  // those that were run
  double seconds = 0;                   // of all runs
  uint64_t world_size = 1;
  uint64_t parallel = 1;  // evaluators of all processes
};

SearchSummary SummaryOf(const SearchSession& session, const SearchOptions& options, double seconds,
                        uint64_t world_size);
std::string SearchPage(const SearchSummary& summary, const SearchOptions& options);
std::string SearchJson(const SearchSummary& summary, const SearchOptions& options);

// "0.8207": enough digits for people; empty where there is no number.
std::string RoundedText(double number);
// "0.8207 ± 0.0051", or the score of the only trial there is.
std::string ScoreText(const ScoredPolicy& policy);
// What orders policies: the mean on fresh seeds, or the only score.
double ValueOf(const ScoredPolicy& policy);

}  // namespace headrace::cli
