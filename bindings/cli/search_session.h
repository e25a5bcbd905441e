// SearchSession: the library's search as the command uses it, with its state file.
//
// What: hr_search with C++ types; what has been told is in the state file before it counts. Owner:
// the command. Thread: one. Cost: a line of the state file a trial; to go on, the trials of the
// file are asked for and told again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <headrace.h>

#include "bindings/cli/console.h"
#include "bindings/cli/loader_session.h"
#include "bindings/cli/search_json.h"
#include "bindings/cli/search_options.h"
#include "bindings/cli/search_state.h"
#include "bindings/cli/search_trial.h"

namespace headrace::cli {

struct SearchCloser {
  void operator()(hr_search* search) const { hr_search_close(search); }
};

// A policy with all that is known about it; NaN where there is nothing.
struct ScoredPolicy {
  uint64_t trial = 0;
  double score = 0;
  double mean = 0;
  double standard_error = 0;
  uint64_t rescores = 0;
  uint64_t rescores_failed = 0;
  std::string policy;  // TOML
  std::string text;
  std::string name;  // of a baseline
};

class SearchSession {
 public:
  SearchSession(const SearchOptions& options, Console* console)
      : options_(options), console_(console) {}

  // Opens the search of a configuration and goes on from the state file, if there is one.
  // `parallel`: evaluators of all processes. Exit status.
  [[nodiscard]] int Open(uint64_t parallel, const Overrides& overrides);

  enum class Asked { kTrial, kLater, kNoMore };
  // kLater: something that is out has to be finished first. False: a failure, *error is one line.
  [[nodiscard]] bool Ask(Trial* trial, Asked* asked, std::string* error);
  // Tells the search and writes the state. False: *error is one line, and the trial does not count.
  [[nodiscard]] bool Finish(const FinishedTrial& finished, double seconds, std::string* error);

  hr_search_counts Counts() const;
  // Nothing: there is none of this rank or number.
  std::optional<ScoredPolicy> Best(uint32_t rank) const;
  std::optional<ScoredPolicy> Baseline(uint32_t index) const;
  // TOML of the best `count` as one. False: *error is one line.
  [[nodiscard]] bool Concat(uint32_t count, std::string* toml, std::string* error) const;

  // TOML of the policy file of a policy's line; empty when it is none.
  std::string PolicyToml(const std::string& line) const;

  // All that are finished, those of earlier runs first.
  const std::vector<FinishedTrial>& finished() const { return saved_.trials; }
  double seconds_before() const { return seconds_before_; }  // of earlier runs

 private:
  using Handle = std::unique_ptr<hr_search, SearchCloser>;

  // Exit status, and so the others.
  [[nodiscard]] int OpenSearch(const SearchPlan& plan, Handle* search);
  [[nodiscard]] int Load();
  // Into a search that has not asked yet.
  [[nodiscard]] int LoadInto(hr_search* search, const std::string& state);
  // Brings saved->search up to the last of its trials.
  [[nodiscard]] int CatchUp(SavedSearch* saved);
  [[nodiscard]] int CheckTrials();
  int FailOnState(const std::string& text);

  const SearchOptions& options_;
  Console* const console_;
  uint64_t parallel_ = 1;
  Overrides overrides_;
  SearchStateFile file_;
  Handle search_;
  SavedSearch saved_;
  double seconds_before_ = 0;
};

}  // namespace headrace::cli
