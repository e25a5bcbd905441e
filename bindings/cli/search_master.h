// SearchMaster: rank 0's side of a search in several processes.
//
// What: knows the helpers, gives them trials, takes their answers, gives up those that are silent.
// Owner: the command of rank 0. Thread: one. Cost: see SearchBoard.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bindings/cli/console.h"
#include "bindings/cli/evaluator_pool.h"
#include "bindings/cli/search_board.h"
#include "bindings/cli/search_trial.h"

namespace headrace::cli {

class SearchMaster {
 public:
  // `helpers`: how many other processes there are.
  SearchMaster(std::string folder, size_t helpers, double timeout_seconds, Console* console);
  ~SearchMaster();  // sends the helpers home
  SearchMaster(const SearchMaster&) = delete;
  SearchMaster& operator=(const SearchMaster&) = delete;

  // False: *error is one line.
  [[nodiscard]] bool Open(std::string* error);

  bool HasRoom() const;
  void Start(Trial trial, const EvaluatorSettings& settings);
  // Looks, without waiting, and adds what is finished, and the trials of helpers that are given up.
  // False: the folder cannot be written.
  [[nodiscard]] bool Step(std::vector<FinishedTrial>* finished, std::vector<Trial>* lost,
                          std::string* error);

 private:
  struct Helper {
    uint64_t rank = 0;
    size_t slots = 0;
    SignOfLife life;
    bool is_given_up = false;
    std::map<uint64_t, Trial> jobs;  // by number
  };

  void SeeHelpers();
  void TakeAnswers(std::vector<FinishedTrial>* finished);
  void GiveUpTheSilent(std::vector<Trial>* lost);
  [[nodiscard]] bool Beat(std::string* error);

  const SearchBoard board_;
  const size_t helpers_expected_;
  const double timeout_seconds_;
  Console* const console_;
  const std::string id_;
  uint64_t beats_ = 0;
  uint64_t jobs_ = 0;
  std::map<std::string, Helper> helpers_;                    // by id
  std::vector<std::pair<std::string, std::string>> unsent_;  // name and text of jobs
  Every beat_{kBeatEvery};
  Every look_{kLookAtBoardEvery};
};

// The life of a process of rank above 0: runs what rank 0 sends until that has no more. `slots`:
// evaluators at a time. Exit status.
[[nodiscard]] int HelpSearch(const std::string& folder, uint64_t rank, size_t slots,
                             double timeout_seconds, EvaluatorPool* pool, Console* console);

}  // namespace headrace::cli
