// EvaluatorProcess: one run of an evaluator's command, with all the processes that it starts.
//
// What: /bin/sh -c in a process group of its own, its stdout and stderr read as they come, ended as
// a group. Owner: a slot of the pool. Thread: the pool's. Cost: a process, two pipes, about 2 MiB
// at the most for what is kept of its output.
//
// The run is over when the shell has ended; what it left behind in its group is killed then, in a
// run that was stopped not before it had its time to end, and all of the group is waited for, so
// that no process of it is there any more.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/cli/evaluator_guard.h"
#include "bindings/cli/evaluator_output.h"

namespace headrace::cli {

class EvaluatorProcess {
 public:
  using Clock = std::chrono::steady_clock;

  EvaluatorProcess() = default;
  ~EvaluatorProcess();  // kills and waits
  EvaluatorProcess(const EvaluatorProcess&) = delete;
  EvaluatorProcess& operator=(const EvaluatorProcess&) = delete;

  // `environment`: NAME=value each. False: *error is one line.
  [[nodiscard]] bool Start(const std::string& command, const std::vector<std::string>& environment,
                           const EvaluatorGuard& guard, std::string* error);

  // To be polled for reading; -1 when its end has been reached.
  int stdout_fd() const { return out_; }
  int stderr_fd() const { return err_; }

  // Reads what there is, looks whether it has ended and goes on ending it. Never waits. True once
  // it is over and nothing of it is left.
  bool Step();
  // SIGTERM to the group, and SIGKILL after some time; to be called again at will.
  void Stop();
  // SIGKILL at once.
  void Kill();

  // The shell has ended, be it that others of its group are still to be ended.
  bool is_ended() const { return ended_; }
  // Whether it is the shell of this run.
  bool is(pid_t process) const { return process == pid_; }

  // Once it is over.
  int wait_status() const { return wait_status_; }
  const LastLine& last_line() const { return last_line_; }
  std::string stderr_tail() const { return tail_.Get(); }
  double seconds() const;

  // Lines of stderr are also given to `see`.
  void set_observer(std::function<void(std::string_view)> see) { see_ = std::move(see); }

 private:
  void ReadPipes();
  void SeeLines(std::string_view bytes);
  void Reap();
  bool IsGroupAlive();
  bool is_late() const;  // the time between SIGTERM and SIGKILL is over

  pid_t pid_ = -1;  // of the shell, and the number of its group; -1: none, or all are gone
  const EvaluatorGuard* guard_ = nullptr;
  int out_ = -1;
  int err_ = -1;
  bool ended_ = false;   // the shell has
  bool killed_ = false;  // the rest of the group was, after it
  int wait_status_ = 0;
  Clock::time_point start_;
  Clock::time_point end_;
  Clock::time_point stopped_;  // when Stop was first called; the epoch: never
  LastLine last_line_;
  Tail tail_;
  std::function<void(std::string_view)> see_;
  std::string line_;  // of stderr, for see_
};

}  // namespace headrace::cli
