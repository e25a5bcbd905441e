// EvaluatorPool: runs trials by the evaluator's command, several at a time.
//
// What: slots with a process each, time limits, second attempts. Owner: the search. Thread: one.
// Cost: a process a slot; polling, which sleeps.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bindings/cli/console.h"
#include "bindings/cli/evaluator_guard.h"
#include "bindings/cli/evaluator_process.h"
#include "bindings/cli/search_trial.h"

namespace headrace::cli {

// How a trial is run.
struct EvaluatorSettings {
  std::string command;         // with places
  double timeout_seconds = 0;  // of an attempt; 0: none
  uint64_t retries = 0;        // attempts after one that failed
};

class EvaluatorPool {
 public:
  // `slots`: trials at a time, of each of `world_size` processes, of which this is `rank`.
  // `verbose`: what evaluators print on stderr goes to the console.
  EvaluatorPool(size_t slots, size_t rank, size_t world_size, bool verbose, Console* console);
  ~EvaluatorPool();  // kills what runs
  EvaluatorPool(const EvaluatorPool&) = delete;
  EvaluatorPool& operator=(const EvaluatorPool&) = delete;

  // Once, before anything that has threads. Makes a folder, in TMPDIR or /tmp, for the files that
  // evaluators read; it goes with the program. False: *error is one line.
  [[nodiscard]] bool Open(std::string* error);

  bool HasRoom() const;
  // Begins a trial; there must be room. What cannot even be started comes back as a failed trial.
  void Start(Trial trial, const EvaluatorSettings& settings);

  // Sleeps until an evaluator prints or ends, a signal comes, or the time is up; then what is
  // finished is taken out, in no particular order.
  std::vector<FinishedTrial> Wait(std::chrono::milliseconds longest);

  // Ends all that runs, politely, and waits for it. Their trials are not finished.
  void StopAll();

 private:
  struct Slot;

  void Launch(Slot* slot);
  bool WriteFiles(const Slot& slot, std::string* error) const;
  void RemoveFiles(const Slot& slot) const;
  // True when its trial is finished.
  bool Step(Slot* slot);
  void ReadOutcome(Slot* slot) const;
  void Fail(Slot* slot, FailureCause cause, std::string reason) const;
  void ReapStrangers() const;
  std::string PathOf(const Slot& slot, std::string_view ending) const;

  std::string folder_;
  const size_t first_worker_;  // how many slots processes of lower ranks have
  const size_t workers_;       // slots of all processes
  const bool verbose_;
  Console* const console_;
  EvaluatorGuard guard_;
  std::vector<std::unique_ptr<Slot>> slots_;  // for ever; a slot's number chooses its device
};

}  // namespace headrace::cli
