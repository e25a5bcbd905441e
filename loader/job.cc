#include "loader/job.h"

#include <pthread.h>

#include <chrono>
#include <cstring>
#include <new>
#include <system_error>
#include <thread>

#include "base/blocked_signals.h"
#include "base/status_text.h"

namespace headrace::loader {
namespace {

constexpr auto kHooksEvery = std::chrono::milliseconds(100);

}  // namespace

bool FailOn(JobError* error, const std::string& path, int error_number, int64_t sample_id) {
  return Fail(error, CodeOfErrno(error_number), path + ": " + strerror(error_number), error_number,
              sample_id);
}

bool FailOn(JobError* error, const std::string& path, const Status& status, int64_t sample_id) {
  return Fail(error, status.code(), path + ": " + TextOf(status), status.error_number(), sample_id);
}

bool JobThreads::Run(uint32_t workers, const std::function<void(uint32_t)>& body, JobError* error) {
  std::vector<std::jthread> threads;
  threads.reserve(workers);
  try {
    const BlockedSignals no_signals;
    for (uint32_t i = 0; i < workers; ++i) {
      {
        const std::lock_guard lock(mutex_);
        ++running_;
      }
      threads.emplace_back([this, i, &body] { Work(i, body); });
      pthread_setname_np(threads.back().native_handle(), "hr-job");
    }
  } catch (const std::system_error& failed) {
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    Fail({Code::kSystem, std::string("cannot start a thread: ") + failed.what(),
          failed.code().value(), -1});
  }
  Watch();
  threads.clear();
  (void)CallHooks();
  const std::lock_guard lock(mutex_);
  if (!failure_) return true;
  *error = *failure_;
  return false;
}

void JobThreads::Work(uint32_t worker, const std::function<void(uint32_t)>& body) noexcept {
  try {
    body(worker);
  } catch (const std::bad_alloc&) {
    Fail({Code::kOutOfMemory, "out of memory", 0, -1});
  } catch (const std::exception& e) {
    Fail({Code::kInternal, e.what(), 0, -1});
  }
  const std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

void JobThreads::Watch() {
  std::unique_lock lock(mutex_);
  while (running_ > 0) {
    lock.unlock();
    if (!CallHooks() && !Ending()) Fail({Code::kStopped, "stopped by the caller", 0, -1});
    lock.lock();
    changed_.wait_for(lock, kHooksEvery, [this] { return running_ == 0; });
  }
}

bool JobThreads::CallHooks() {
  std::vector<SampleNote> notes;
  {
    const std::lock_guard lock(mutex_);
    notes.swap(notes_);
  }
  if (hooks_.note) {
    for (const SampleNote& note : notes) hooks_.note(note);
  }
  if (!hooks_.progress) return true;
  return hooks_.progress({samples_, samples_done_.load(std::memory_order_relaxed), bytes_,
                          bytes_done_.load(std::memory_order_relaxed)});
}

void JobThreads::Fail(JobError error) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
    ending_.store(true, std::memory_order_relaxed);
  }
  if (wake_) wake_();
}

void JobThreads::Note(SampleNote note) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(note));
}

}  // namespace headrace::loader
