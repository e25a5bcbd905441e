#include "bindings/cli/evaluator_pool.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>

#include "bindings/cli/evaluator_command.h"
#include "bindings/cli/evaluator_environment.h"
#include "bindings/cli/output_file.h"
#include "bindings/cli/search_json.h"
#include "bindings/cli/temporary_folder.h"

namespace headrace::cli {
namespace {

using Clock = std::chrono::steady_clock;

// The end of a process wakes nobody when its pipes are held open by another: then it is found by
// looking.
constexpr std::chrono::milliseconds kLookEvery{20};

// Pipes of an evaluator; and what the program itself has open, with room for a pair that is made.
constexpr rlim_t kFilesPerSlot = 2;
constexpr rlim_t kFilesOfProgram = 64;

// Raises the limit of open files where it is lower, as far as the system lets it.
bool HaveOpenFiles(rlim_t needed, std::string* error) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return true;
  if (limit.rlim_max >= needed) {
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return true;
  }
  *error = "--parallel: so many evaluators need ";
  error->append(std::to_string(needed))
      .append(" open files, and the limit is ")
      .append(std::to_string(limit.rlim_max));
  error->append("; raise it (ulimit -n) or take fewer");
  return false;
}

std::string NameOfSignal(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(number);
}

std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", seconds);
  return text;
}

}  // namespace

struct EvaluatorPool::Slot {
  size_t number = 0;
  Trial trial;
  EvaluatorSettings settings;
  uint64_t attempts = 0;                      // begun
  std::unique_ptr<EvaluatorProcess> process;  // null: the slot is free, or its outcome is known
  std::optional<Clock::time_point> deadline;
  bool timed_out = false;
  bool busy = false;
  Outcome outcome;
};

EvaluatorPool::EvaluatorPool(size_t slots, size_t rank, size_t world_size, bool verbose,
                             Console* console)
    : first_worker_(rank * slots),
      workers_(world_size * slots),
      verbose_(verbose),
      console_(console) {
  for (size_t i = 0; i < slots; ++i) {
    slots_.push_back(std::make_unique<Slot>());
    slots_.back()->number = i;
  }
}

EvaluatorPool::~EvaluatorPool() {
  for (const auto& slot : slots_) {
    if (slot->process) slot->process->Kill();
  }
}

bool EvaluatorPool::Open(std::string* error) {
  // A write to a process that is gone is an error like others, not the end.
  std::signal(SIGPIPE, SIG_IGN);
  // Processes that evaluators leave behind become children of this one, which waits for them. Where
  // that cannot be had the system's first process does it.
  prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
  if (!HaveOpenFiles(kFilesPerSlot * slots_.size() + kFilesOfProgram, error)) return false;
  folder_ = MakeTemporaryFolder("search", error);
  if (folder_.empty()) return false;
  if (guard_.Start(folder_, error)) return true;
  rmdir(folder_.c_str());
  return false;
}

bool EvaluatorPool::HasRoom() const {
  return std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) { return !slot->busy; });
}

void EvaluatorPool::Start(Trial trial, const EvaluatorSettings& settings) {
  const auto found =
      std::find_if(slots_.begin(), slots_.end(), [](const auto& slot) { return !slot->busy; });
  if (found == slots_.end()) return;  // a programming error that loses a trial shows in every test
  Slot* slot = found->get();
  slot->trial = std::move(trial);
  slot->settings = settings;
  slot->attempts = 0;
  slot->busy = true;
  std::string error;
  if (!WriteFiles(*slot, &error)) {
    slot->attempts = settings.retries + 1;  // nothing will be better the next time
    Fail(slot, {FailureKind::kStart, 0}, error);
    return;
  }
  Launch(slot);
}

std::string EvaluatorPool::PathOf(const Slot& slot, std::string_view ending) const {
  std::string path = folder_ + "/trial-";
  return path.append(std::to_string(slot.trial.id)).append(ending);
}

bool EvaluatorPool::WriteFiles(const Slot& slot, std::string* error) const {
  return WriteWholeFile(PathOf(slot, ".toml"), slot.trial.policy, error) &&
         WriteWholeFile(PathOf(slot, ".json"), TrialJson(slot.trial), error);
}

void EvaluatorPool::RemoveFiles(const Slot& slot) const {
  unlink(PathOf(slot, ".toml").c_str());
  unlink(PathOf(slot, ".json").c_str());
}

void EvaluatorPool::Launch(Slot* slot) {
  ++slot->attempts;
  slot->outcome = {};
  slot->timed_out = false;
  slot->deadline.reset();
  const std::vector<std::string> environment = EvaluatorEnvironment({.slot = slot->number,
                                                                     .slots = slots_.size(),
                                                                     .first_worker = first_worker_,
                                                                     .workers = workers_},
                                                                    PathOf(*slot, ".json"));
  const std::string command = EvaluatorCommand(slot->settings.command)
                                  .Fill(PathOf(*slot, ".toml"), slot->trial.seed, slot->trial.id);
  slot->process = std::make_unique<EvaluatorProcess>();
  if (verbose_) {
    slot->process->set_observer([this, id = slot->trial.id](std::string_view line) {
      std::string text = "trial " + std::to_string(id) + ": ";
      console_->Note(text.append(line));
    });
  }
  std::string error;
  if (!slot->process->Start(command, environment, guard_, &error)) {
    slot->process.reset();
    Fail(slot, {FailureKind::kStart, 0}, error);
    return;
  }
  if (slot->settings.timeout_seconds > 0) {
    // A year is as good as no limit, and cannot overflow the clock.
    const double limit = std::min(slot->settings.timeout_seconds, 3.2e7);
    slot->deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(limit));
  }
}

void EvaluatorPool::Fail(Slot* slot, FailureCause cause, std::string reason) const {
  slot->outcome.cause = cause;
  slot->outcome.reason = std::move(reason);
}

void EvaluatorPool::ReadOutcome(Slot* slot) const {
  const EvaluatorProcess& process = *slot->process;
  slot->outcome.seconds = process.seconds();
  const int status = process.wait_status();
  if (slot->timed_out) {
    Fail(slot, {FailureKind::kTimeout, 0},
         "gave no score within " + Seconds(slot->settings.timeout_seconds) + " and was ended");
  } else if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    Fail(slot, {FailureKind::kSignal, number}, "ended by " + NameOfSignal(number));
  } else if (WEXITSTATUS(status) != 0) {
    const int number = WEXITSTATUS(status);
    const std::string_view likely = number == 127   ? " (command not found)"
                                    : number == 126 ? " (cannot be executed)"
                                    : number == 137 ? " (killed; perhaps out of memory)"
                                                    : "";
    std::string reason = "exit status " + std::to_string(number);
    Fail(slot, {FailureKind::kExit, number}, reason.append(likely));
  } else {
    ReadScore(process.last_line(), &slot->outcome);
  }
  if (!slot->outcome.is_good()) slot->outcome.stderr_tail = process.stderr_tail();
}

bool EvaluatorPool::Step(Slot* slot) {
  if (slot->process) {
    // What has ended comes before what the clock says: this program may have slept meanwhile.
    if (!slot->process->Step()) {
      if (slot->process->is_ended() || !slot->deadline || Clock::now() < *slot->deadline) {
        return false;
      }
      slot->timed_out = true;
      slot->process->Stop();
      return false;
    }
    ReadOutcome(slot);
    slot->process.reset();
  }
  if (!slot->outcome.is_good() && slot->attempts <= slot->settings.retries) {
    Launch(slot);
    return false;
  }
  RemoveFiles(*slot);
  slot->busy = false;
  return true;
}

std::vector<FinishedTrial> EvaluatorPool::Wait(std::chrono::milliseconds longest) {
  std::vector<pollfd> fds;
  bool known = false;  // an outcome that only has to be taken
  for (const auto& slot : slots_) {
    known = known || (slot->busy && !slot->process);
    if (!slot->process) continue;
    for (const int fd : {slot->process->stdout_fd(), slot->process->stderr_fd()}) {
      if (fd >= 0) fds.push_back({fd, POLLIN, 0});
    }
  }
  const auto wait = known ? std::chrono::milliseconds(0) : std::min(longest, kLookEvery);
  // A signal ends the wait early, which is what it is for.
  (void)poll(fds.data(), fds.size(), static_cast<int>(wait.count()));
  std::vector<FinishedTrial> finished;
  ReapStrangers();
  for (const auto& slot : slots_) {
    if (slot->busy && Step(slot.get())) {
      finished.push_back({std::move(slot->trial), std::move(slot->outcome)});
    }
  }
  return finished;
}

// Processes that an evaluator has moved out of its group and left behind are children of this
// program by now, and those that have ended wait for it.
void EvaluatorPool::ReapStrangers() const {
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    const bool is_known =
        guard_.is(info.si_pid) || std::any_of(slots_.begin(), slots_.end(), [&](const auto& slot) {
          return slot->process && slot->process->is(info.si_pid);
        });
    if (is_known) return;
    (void)waitpid(info.si_pid, nullptr, WNOHANG);
  }
}

void EvaluatorPool::StopAll() {
  for (;;) {
    bool any = false;
    for (const auto& slot : slots_) {
      if (!slot->process) continue;
      slot->process->Stop();
      if (slot->process->Step()) {
        slot->process.reset();
        RemoveFiles(*slot);
        slot->busy = false;
      } else {
        any = true;
      }
    }
    if (!any) return;
    (void)poll(nullptr, 0, static_cast<int>(kLookEvery.count()));
  }
}

}  // namespace headrace::cli
