// EvaluatorGuard: evaluators do not outlive the search, however that ends.
//
// What: a small process beside the program that knows the process groups of the evaluators and ends
// them when the program is gone, killed by SIGKILL too. Owner: the pool. Thread: the pool's. Cost:
// a process that sleeps.
//
// Who runs the same search again must not find the old evaluators at work on the same devices.
#pragma once

#include <sys/types.h>

#include <string>

namespace headrace::cli {

class EvaluatorGuard {
 public:
  EvaluatorGuard() = default;
  ~EvaluatorGuard();
  EvaluatorGuard(const EvaluatorGuard&) = delete;
  EvaluatorGuard& operator=(const EvaluatorGuard&) = delete;

  // Before the first evaluator, while the program has one thread and few open files: the guard
  // inherits them. False: *error is one line.
  // `folder`: is removed with all in it when the program is gone.
  [[nodiscard]] bool Start(const std::string& folder, std::string* error);

  // In the evaluator's process, between fork and exec, so that there is no moment when nobody knows
  // of it. Async-signal-safe.
  void Enter(pid_t group) const;
  // The group is gone.
  void Leave(pid_t group) const;
  bool is(pid_t process) const { return process == pid_; }

 private:
  void Tell(pid_t group, int is_there) const;

  pid_t pid_ = -1;
  int pipe_ = -1;  // its write end, which exec closes
};

}  // namespace headrace::cli
