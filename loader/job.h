// Long jobs over a data set (pack, unpack, verify): workers, progress, and how a job ends.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "loader/config_toml.h"

namespace headrace::loader {

// Why a job ended: one line, ready for a person.
struct JobError {
  Code code = Code::kOk;
  std::string text;
  int error_number = 0;
  int64_t sample_id = -1;
};

// Fill *error; false, so that a step can return it.
inline bool Fail(JobError* error, Code code, std::string text, int error_number = 0,
                 int64_t sample_id = -1) {
  *error = {code, std::move(text), error_number, sample_id};
  return false;
}
inline bool Fail(JobError* error, const ConfigError& from) {
  return Fail(error, from.code, from.text, from.error_number);
}
// What became of `path`.
bool FailOn(JobError* error, const std::string& path, int error_number, int64_t sample_id = -1);
bool FailOn(JobError* error, const std::string& path, const Status& status, int64_t sample_id = -1);

struct JobProgress {
  uint64_t samples = 0;  // of the job
  uint64_t samples_done = 0;
  uint64_t bytes = 0;  // to be read
  uint64_t bytes_done = 0;
};

// What the user should know about one sample.
struct SampleNote {
  int64_t id = -1;
  std::string path;     // in the source data set
  std::string file;     // that holds it
  uint64_t offset = 0;  // of its first byte there
  Code code = Code::kOk;
  std::string text;  // what is the matter
};

struct JobHooks {
  LogSink log;
  // Several times a second, on the thread that runs the job. False: end it.
  std::function<bool(const JobProgress&)> progress;
  // On that thread too, in no particular order.
  std::function<void(const SampleNote&)> note;
};

// What: the threads of one job and what they share. The first failure is the job's.
// Owner: the function that runs the job. Thread: Run is the owner's, the rest is for workers.
// Cost: two counters a sample, a lock a note.
class JobThreads {
 public:
  // `hooks` must outlive it.
  JobThreads(const JobHooks& hooks, uint64_t samples, uint64_t bytes)
      : hooks_(hooks), samples_(samples), bytes_(bytes) {}

  // Calls body(number of the worker) on that many threads, and the hooks on this one, until all
  // have returned. False: *error is the first failure, or kStopped. What a body throws for want of
  // memory is a failure too.
  [[nodiscard]] bool Run(uint32_t workers, const std::function<void(uint32_t)>& body,
                         JobError* error);

  // Whether workers are to return now. Pairs with nothing: who waits is woken by OnEnding.
  bool Ending() const { return ending_.load(std::memory_order_relaxed); }
  void Fail(JobError error);
  void Note(SampleNote note);
  void Done(uint64_t samples, uint64_t bytes) {
    // Relaxed: progress is all that reads them.
    samples_done_.fetch_add(samples, std::memory_order_relaxed);
    bytes_done_.fetch_add(bytes, std::memory_order_relaxed);
  }
  // Called when the job ends early, to wake workers that wait for each other. Before Run.
  void OnEnding(std::function<void()> wake) { wake_ = std::move(wake); }

 private:
  void Work(uint32_t worker, const std::function<void(uint32_t)>& body) noexcept;
  void Watch();
  bool CallHooks();

  const JobHooks& hooks_;
  const uint64_t samples_;
  const uint64_t bytes_;
  std::atomic<uint64_t> samples_done_{0};
  std::atomic<uint64_t> bytes_done_{0};
  std::atomic<bool> ending_{false};
  std::function<void()> wake_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  uint32_t running_ = 0;
  std::vector<SampleNote> notes_;
  std::optional<JobError> failure_;
};

}  // namespace headrace::loader
