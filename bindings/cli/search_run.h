// SearchRun: the search itself: asks for trials as long as somebody has room, and keeps what comes
// of them.
//
// What: a loop. Owner: the command of rank 0. Thread: one. Cost: sleeps but for a moment a trial.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "bindings/cli/console.h"
#include "bindings/cli/progress.h"
#include "bindings/cli/search_log.h"
#include "bindings/cli/search_session.h"
#include "bindings/cli/search_workers.h"

namespace headrace::cli {

class SearchRun {
 public:
  SearchRun(SearchSession* session, SearchLog* log, SearchWorkers* workers, uint64_t parallel,
            Console* console);

  // Exit status; kExitGood when every trial is done, kExitInterrupted with what is done kept.
  [[nodiscard]] int Run();
  double seconds() const;  // of this run

 private:
  // Starts all there is room for. False: a failure, *error is one line.
  [[nodiscard]] bool StartTrials(std::string* error);
  [[nodiscard]] bool Keep(const FinishedTrial& finished, std::string* error);
  void Show(const FinishedTrial& finished);
  void ShowProgress();
  // Whether every trial has failed, and all in the same way, so that nothing will come of it.
  bool IsHopeless() const;
  int FailAsHopeless();  // exit status

  SearchSession* const session_;
  SearchLog* const log_;
  SearchWorkers* const workers_;
  const uint64_t hopeless_after_;
  Console* const console_;
  Progress progress_;
  const std::chrono::steady_clock::time_point start_;

  bool all_asked_ = false;
  uint64_t running_ = 0;
  uint64_t finished_ = 0;      // in this run
  uint64_t failed_alike_ = 0;  // of them, before the first that did not fail in the same way
  bool one_was_different_ = false;
  FinishedTrial last_failed_;
  std::optional<double> best_shown_;
  uint64_t tenths_shown_ = 0;
};

}  // namespace headrace::cli
