// The parts of loader/pipeline again, with a mutex: plain enough to be right at a glance. Oracles
// in tests, rivals in bench/bench_pipeline.cc.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace headrace::test {

// As loader::RingQueue.
template <class T>
class MutexRing {
 public:
  explicit MutexRing(size_t capacity) : capacity_(capacity) {}

  bool TryPush(T value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (items_.size() == capacity_) return false;
    items_.push_back(value);
    return true;
  }

  bool TryPop(T* value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (items_.empty()) return false;
    *value = items_.front();
    items_.pop_front();
    return true;
  }

  size_t ApproxSize() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return items_.size();
  }

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<T> items_;
};

// As loader::SlotPool.
class MutexSlotPool {
 public:
  explicit MutexSlotPool(uint32_t count) {
    for (uint32_t i = count; i-- > 0;) free_.push_back(i);
  }

  bool TryAcquire(uint32_t* index) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return false;
    *index = free_.back();
    free_.pop_back();
    return true;
  }

  void Release(uint32_t index) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(index);
  }

  uint32_t ApproxFree() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<uint32_t>(free_.size());
  }

 private:
  mutable std::mutex mutex_;
  std::vector<uint32_t> free_;
};

// As loader::EventCount.
class MutexEventCount {
 public:
  struct Key {
    uint64_t epoch;
  };

  Key PrepareWait() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return Key{epoch_};
  }
  void CancelWait() {}
  void Wait(Key key) {
    std::unique_lock<std::mutex> lock(mutex_);
    moved_.wait(lock, [&] { return epoch_ != key.epoch; });
  }
  bool WaitFor(Key key, int64_t timeout_ns) {
    std::unique_lock<std::mutex> lock(mutex_);
    return moved_.wait_for(lock, std::chrono::nanoseconds(timeout_ns),
                           [&] { return epoch_ != key.epoch; });
  }
  void NotifyOne() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++epoch_;
    moved_.notify_one();
  }
  void NotifyAll() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++epoch_;
    moved_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  uint64_t epoch_ = 0;
};

}  // namespace headrace::test
