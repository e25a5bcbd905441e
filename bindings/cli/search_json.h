// JSON that the search reads: results of evaluators and its own files. All that knows the parser is
// in search_json.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/cli/json_writer.h"
#include "bindings/cli/search_trial.h"

namespace headrace::cli {

// The number `score` of a JSON object. Nothing when `text` is none, or has none.
std::optional<double> ScoreOfJson(std::string_view text);

// How many trials a run is of: it decides which number those that come after the search proper
// have.
struct SearchPlan {
  uint64_t trials = 0;
  uint64_t rescore_top = 0;
  uint64_t rescore_seeds = 0;
  bool baselines = false;
};

// A search with all that has been scored, as the state file has it: a head, and a line for each
// trial in the order in which they finished. Lines are added to it, so that a trial costs the same
// however many there are.
struct SavedSearch {
  std::string evaluate;  // the command
  SearchPlan plan;       // of the run that wrote the head
  std::string search;    // what hr_search_save gave then
  uint64_t known = 0;    // the first of `trials`: `search` has what they came to
  double seconds = 0;    // of all runs
  std::vector<FinishedTrial> trials;
};
std::string SavedSearchText(const SavedSearch& saved);
// The line to add; `seconds` as in SavedSearch.
std::string SavedTrialLine(const FinishedTrial& finished, double seconds);
// Half a line at the end is what a killed run was writing, and does not count. False: *error is one
// line without the name of the file.
[[nodiscard]] bool ReadSavedSearch(std::string_view text, SavedSearch* saved, std::string* error);

// A trial alone, as the evaluator finds it by HEADRACE_TRIAL.
std::string TrialJson(const Trial& trial);

// One process of a search asks another to run a trial.
struct RemoteJob {
  std::string master;   // who asks: answers to others are not for it
  uint64_t number = 0;  // of the job
  std::string command;
  double timeout_seconds = 0;  // 0: none
  uint64_t retries = 0;
  Trial trial;
};
std::string RemoteJobJson(const RemoteJob& job);
[[nodiscard]] bool ReadRemoteJob(std::string_view text, RemoteJob* job);

struct RemoteAnswer {
  std::string master;
  uint64_t number = 0;
  Outcome outcome;
};
std::string RemoteAnswerJson(const RemoteAnswer& answer);
[[nodiscard]] bool ReadRemoteAnswer(std::string_view text, RemoteAnswer* answer);

}  // namespace headrace::cli
