#include "loader/scan/scan.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include "base/blocked_signals.h"
#include "loader/plan.h"
#include "loader/scan/sample_judge.h"

namespace headrace::loader {
namespace {

constexpr auto kProgressEvery = std::chrono::milliseconds(100);

// What: the threads of one scan, which take ids one after the other. Owner and thread: the caller
// of ScanDataset. Cost: a thread a worker and its judge's memory.
class ScanThreads {
 public:
  ScanThreads(const Dataset& dataset, std::vector<SampleFact>* facts)
      : dataset_(dataset), facts_(*facts) {
    for (uint64_t id = 0; id < dataset.size(); ++id) bytes_all_ += dataset.Locate(id).bytes;
  }
  ~ScanThreads() {
    stop_.store(true, std::memory_order_relaxed);
    Join();
  }
  ScanThreads(const ScanThreads&) = delete;
  ScanThreads& operator=(const ScanThreads&) = delete;

  Status Start(const Config& config, uint32_t workers);
  // Until all is done, or on_progress wants no more (false).
  bool Wait(const ScanOptions& options);
  void Join();

 private:
  void Work(SampleJudge* judge) noexcept;
  ScanProgress Progress() const {
    return {.samples = facts_.size(),
            .samples_done = done_.load(std::memory_order_relaxed),
            .bytes = bytes_all_,
            .bytes_done = bytes_.load(std::memory_order_relaxed)};
  }

  const Dataset& dataset_;
  std::vector<SampleFact>& facts_;
  uint64_t bytes_all_ = 0;
  LargePictures large_;
  std::vector<std::unique_ptr<SampleJudge>> judges_;
  std::vector<std::thread> threads_;

  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> done_{0};  // relaxed, as bytes_: a progress bar's
  std::atomic<uint64_t> bytes_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  uint32_t running_ = 0;  // guarded by mutex_
};

Status ScanThreads::Start(const Config& config, uint32_t workers) {
  for (uint32_t i = 0; i < workers; ++i) {
    HR_ASSIGN_OR_RETURN(auto judge, SampleJudge::Make(config, dataset_, &large_));
    judges_.push_back(std::move(judge));
  }
  const BlockedSignals no_signals;
  try {
    for (const auto& judge : judges_) {
      {
        const std::lock_guard lock(mutex_);
        ++running_;
      }
      threads_.emplace_back([this, j = judge.get()] { Work(j); });
      pthread_setname_np(threads_.back().native_handle(), "hr-scan");
    }
  } catch (const std::system_error& error) {
    stop_.store(true, std::memory_order_relaxed);
    return {Code::kSystem, "cannot start a thread", error.code().value()};
  }
  return {};
}

void ScanThreads::Work(SampleJudge* judge) noexcept {
  while (!stop_.load(std::memory_order_relaxed)) {
    const uint64_t id = next_.fetch_add(1, std::memory_order_relaxed);
    if (id >= facts_.size()) break;
    SampleFact& fact = facts_[id];  // no other thread's; the join publishes it
    try {
      fact = judge->Judge(id);
    } catch (const std::bad_alloc&) {
      fact.status = {Code::kOutOfMemory, "no memory for the sample"};
      fact.was_seen = true;
    }
    bytes_.fetch_add(fact.bytes, std::memory_order_relaxed);
    done_.fetch_add(1, std::memory_order_relaxed);
  }
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.notify_all();
}

bool ScanThreads::Wait(const ScanOptions& options) {
  for (;;) {
    bool over = false;
    {
      std::unique_lock lock(mutex_);
      over = ended_.wait_for(lock, kProgressEvery, [this] { return running_ == 0; });
    }
    // The last call shows everything done.
    const bool go_on = !options.on_progress || options.on_progress(Progress());
    if (over) return true;
    if (!go_on) {
      stop_.store(true, std::memory_order_relaxed);
      return false;
    }
  }
}

void ScanThreads::Join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace

Status ScanDataset(const Config& config, const Dataset& dataset, const ScanOptions& options,
                   std::vector<SampleFact>* facts, bool* cancelled) {
  facts->assign(dataset.size(), {});
  *cancelled = false;
  uint64_t workers = options.workers > 0 ? options.workers : AllowedCpus();
  workers = std::clamp<uint64_t>(dataset.size(), 1, workers);
  ScanThreads threads(dataset, facts);
  HR_TRY(threads.Start(config, static_cast<uint32_t>(workers)));
  const bool stopped = !threads.Wait(options);
  threads.Join();
  // The threads may have come to the end before they saw it.
  *cancelled = stopped && !std::ranges::all_of(*facts, &SampleFact::was_seen);
  return {};
}

}  // namespace headrace::loader
