// The processes of a search whose rank is not 0.
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "bindings/cli/command.h"
#include "bindings/cli/interrupt.h"
#include "bindings/cli/search_json.h"
#include "bindings/cli/search_master.h"

namespace headrace::cli {
namespace {

constexpr int kFailedBeatsMax = 3;

// What: a helper's files and its jobs. Owner, thread: HelpSearch. Cost: see SearchBoard.
class Helper {
 public:
  Helper(const std::string& folder, uint64_t rank, size_t slots, EvaluatorPool* pool)
      : board_(folder), id_(SearchBoard::NewId()), rank_(rank), slots_(slots), pool_(pool) {}
  ~Helper() {
    pool_->StopAll();
    for (const std::string& rest : board_.List("job-" + id_)) board_.Remove("job-" + id_ + rest);
    board_.Remove("end-" + id_);
    board_.Remove("helper-" + id_);  // last: rank 0 waits for it
  }
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  // False: the folder cannot be written.
  bool Step(std::string* error) {
    if (beat_.IsDue()) {
      // The folder is rank 0's to make and to clear, which may come just between these two.
      failed_beats_ = board_.Make(error) && Beat(error) ? 0 : failed_beats_ + 1;
      if (failed_beats_ == kFailedBeatsMax) return false;
    }
    if (look_.IsDue()) {
      std::string text;
      if (board_.Read("master", &text)) master_.See(text);
      TakeJobs();
      is_over_ = !board_.List("end-" + id_).empty();
    }
    return Work(error);
  }

  bool is_over() const { return is_over_; }
  double master_silent_seconds() const { return master_.silent_seconds(); }

 private:
  bool Beat(std::string* error) {
    return board_.Write("helper-" + id_,
                        std::to_string(rank_) + " " + std::to_string(slots_) + " " +
                            std::to_string(++beats_) + "\n",
                        error);
  }

  void TakeJobs() {
    for (const std::string& rest : board_.List("job-" + id_)) {
      const std::string name = "job-" + id_ + rest;
      std::string text;
      RemoteJob job;
      if (!board_.Read(name, &text)) continue;
      board_.Remove(name);
      if (ReadRemoteJob(text, &job)) jobs_.push_back(std::move(job));
    }
  }

  bool Work(std::string* error) {
    while (!jobs_.empty() && pool_->HasRoom()) {
      RemoteJob job = std::move(jobs_.front());
      jobs_.pop_front();
      if (const auto known = running_.find(job.trial.id); known != running_.end()) {
        known->second = std::move(job);  // this process was given up and its trial has come back
        continue;
      }
      pool_->Start(
          job.trial,
          {.command = job.command, .timeout_seconds = job.timeout_seconds, .retries = job.retries});
      const uint64_t trial = job.trial.id;
      running_[trial] = std::move(job);
    }
    for (FinishedTrial& finished : pool_->Wait(kLookAtBoardEvery)) {
      const RemoteJob& job = running_[finished.trial.id];
      const RemoteAnswer answer{job.master, job.number, std::move(finished.outcome)};
      const std::string name = "answer-" + id_ + "-" + std::to_string(job.number);
      if (!board_.Write(name, RemoteAnswerJson(answer), error)) return false;
      running_.erase(finished.trial.id);
    }
    return true;
  }

  const SearchBoard board_;
  const std::string id_;
  const uint64_t rank_;
  const size_t slots_;
  EvaluatorPool* const pool_;
  SignOfLife master_;
  uint64_t beats_ = 0;
  int failed_beats_ = 0;  // in a row
  bool is_over_ = false;
  std::deque<RemoteJob> jobs_;
  std::map<uint64_t, RemoteJob> running_;  // by trial
  Every beat_{kBeatEvery};
  Every look_{kLookAtBoardEvery};
};

}  // namespace

int HelpSearch(const std::string& folder, uint64_t rank, size_t slots, double timeout_seconds,
               EvaluatorPool* pool, Console* console) {
  Helper helper(folder, rank, slots, pool);
  std::string error;
  while (!helper.is_over()) {
    if (Interrupted()) {
      console->Error("interrupted");
      return kExitInterrupted;
    }
    if (!helper.Step(&error)) return console->Fail(error);
    if (helper.master_silent_seconds() > timeout_seconds) {
      return console->Fail("rank " + std::to_string(rank) + ": rank 0 has not been heard of for " +
                           std::to_string(static_cast<int>(timeout_seconds)) + " s in " + folder);
    }
  }
  return kExitGood;
}

}  // namespace headrace::cli
