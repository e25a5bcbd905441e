#include "loader/open_watch.h"

#include <ctime>
#include <utility>

namespace headrace::loader {
namespace {

thread_local OpenWatch* current = nullptr;

// Fine enough for what people wait for, and several times cheaper than NowNs.
int64_t CoarseNowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

OpenWatch::OpenWatch(ProgressFn progress, First first, int64_t every_ns)
    : progress_(std::move(progress)), every_ns_(every_ns), outer_(current) {
  if (first == First::kLater) next_ns_ = CoarseNowNs() + every_ns_;
  current = progress_ ? this : nullptr;
}

OpenWatch::OpenWatch(const std::atomic<bool>& stop) : stop_(&stop), outer_(current) {
  current = this;
}

OpenWatch::~OpenWatch() { current = outer_; }

OpenWatch* OpenWatch::Current() { return current; }

bool OpenWatch::GoesOn() {
  if (stop_ != nullptr) return !stop_->load(std::memory_order_relaxed);  // nothing else is read
  if (ended_) return false;
  const int64_t now = CoarseNowNs();
  if (now < next_ns_) return true;
  {
    const OpenWatch nobody(nullptr);  // what the callback opens is not this opening's
    ended_ = !progress_(place_);
  }
  next_ns_ = CoarseNowNs() + every_ns_;
  return !ended_;
}

}  // namespace headrace::loader
