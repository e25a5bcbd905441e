// SearchWorkers: where trials run: this process's evaluators, and under mpirun those of the others.
//
// What: hands a trial to whoever has room and brings back what is finished. Owner: the search of
// rank 0. Thread: one. Cost: a look at a folder now and then, with other ranks.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bindings/cli/evaluator_pool.h"
#include "bindings/cli/search_master.h"

namespace headrace::cli {

class SearchWorkers {
 public:
  // `master` may be null: there are no other processes.
  SearchWorkers(EvaluatorPool* pool, SearchMaster* master, EvaluatorSettings settings)
      : pool_(pool), master_(master), settings_(std::move(settings)) {}

  bool HasRoom() const;
  void Start(Trial trial);
  // As EvaluatorPool. Trials of processes that are given up come first of all that is started next.
  // False: *error is one line.
  [[nodiscard]] bool Wait(std::vector<FinishedTrial>* finished, std::string* error);
  // Trials that their process has lost and that wait for another.
  bool HasLost() const { return !lost_.empty(); }
  void StartLost();

 private:
  EvaluatorPool* const pool_;
  SearchMaster* const master_;
  const EvaluatorSettings settings_;
  std::vector<Trial> lost_;
};

}  // namespace headrace::cli
