// SearchSession: the library's search as the command uses it, with its state file.
//
// What: hr_search with C++ types; what has been told is in the state file before it counts. Owner:
// the command. Thread: one. Cost: the state file is written whole for each trial that is finished,
// about 500 bytes a trial.
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
#include "bindings/cli/search_trial.h"

namespace headrace::cli {

struct SearchCloser {
  void operator()(hr_search* search) const { hr_search_close(search); }
};

// The state file is one process's at a time, for as long as this lives.
class StateLock {
 public:
  StateLock() = default;
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;
  // False: *error is one line.
  [[nodiscard]] bool Take(const std::string& state, std::string* error);

 private:
  std::string path_;
  int fd_ = -1;
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
  [[nodiscard]] int Load();
  [[nodiscard]] int CheckTrials();

  const SearchOptions& options_;
  Console* const console_;
  StateLock lock_;
  std::unique_ptr<hr_search, SearchCloser> search_;
  SavedSearch saved_;
  double seconds_before_ = 0;
};

}  // namespace headrace::cli
