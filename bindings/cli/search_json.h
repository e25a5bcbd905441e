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

// A search with all that has been scored, as the state file has it.
struct SavedSearch {
  std::string evaluate;  // the command
  std::string search;    // what hr_search_save gave
  double seconds = 0;    // of all runs
  std::vector<FinishedTrial> trials;
};
std::string SavedSearchJson(const SavedSearch& saved);
// False: *error is one line without the name of the file.
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
