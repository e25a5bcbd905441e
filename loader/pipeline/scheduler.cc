#include "loader/pipeline/scheduler.h"

#include <pthread.h>

#include <system_error>

#include "base/blocked_signals.h"
#include "base/clock.h"

namespace headrace::loader {
namespace {

// How long Stop waits for the read thread: the reader's own limit and a good deal more.
constexpr int64_t kReadEndLimitNs = 5'000'000'000;

}  // namespace

Scheduler::Scheduler(PipelineShared* shared, io::Reader* reader)
    : shared_(*shared),
      reader_(*reader),
      assembler_(shared),
      read_stage_(shared, &assembler_, reader) {}

Scheduler::~Scheduler() { (void)Stop(); }

Status Scheduler::Start() {
  for (uint32_t i = 0; i < shared_.plan.workers; ++i) {
    HR_ASSIGN_OR_RETURN(auto stage, SampleStage::Make(&shared_, &assembler_, i));
    stages_.push_back(std::move(stage));
  }
  const BlockedSignals no_signals;
  try {
    for (auto& stage : stages_) {
      workers_.emplace_back([this, s = stage.get()] { Work(s); });
      pthread_setname_np(workers_.back().native_handle(), "hr-worker");
    }
    read_thread_ = std::thread([this] { Read(); });
    pthread_setname_np(read_thread_.native_handle(), "hr-read");
  } catch (const std::system_error& error) {
    (void)Stop();
    return {Code::kSystem, "cannot start a thread", error.code().value()};
  }
  return {};
}

void Scheduler::RequestStop() {
  shared_.stop.Request();
  shared_.work_ready.NotifyAll();
  shared_.read_wanted.NotifyAll();
  shared_.delivery.ready().NotifyAll();
  reader_.Wake();
}

bool Scheduler::Stop() {
  RequestStop();
  for (std::thread& thread : workers_) thread.join();
  workers_.clear();
  if (!read_thread_.joinable()) return !read_ended_.load() || drained_.load();
  const int64_t deadline = NowNs() + kReadEndLimitNs;
  while (!read_ended_.load(std::memory_order_acquire)) {
    const auto key = read_end_.PrepareWait();
    const int64_t left = deadline - NowNs();
    if (read_ended_.load(std::memory_order_acquire) || left <= 0) {
      read_end_.CancelWait();
      if (left > 0) continue;
      read_thread_.detach();  // it hangs in a system call; it ends when the call does
      return false;
    }
    (void)read_end_.WaitFor(key, left);
  }
  read_thread_.join();
  return drained_.load();
}

void Scheduler::Read() noexcept {
  drained_.store(read_stage_.Run());
  read_ended_.store(true, std::memory_order_release);  // pairs with Stop
  read_end_.NotifyAll();
}

void Scheduler::Work(SampleStage* stage) noexcept {
  while (!shared_.stop.Requested()) {
    MixTask task;
    uint32_t lane = 0;
    if (shared_.mix.TryPop(&task)) {
      assembler_.RunMix(task, stage->scratch());
    } else if (shared_.work.TryPop(&lane)) {
      stage->Run(lane);
    } else {
      stage->Flush();
      const auto key = shared_.work_ready.PrepareWait();
      if (shared_.stop.Requested() || shared_.mix.ApproxSize() > 0 ||
          shared_.work.ApproxSize() > 0) {
        shared_.work_ready.CancelWait();
        continue;
      }
      const int64_t begin = NowNs();
      shared_.work_ready.Wait(key);
      Add(shared_.counters.wait_ns, static_cast<uint64_t>(NowNs() - begin));
    }
  }
}

}  // namespace headrace::loader
