#include "loader/pipeline/read_mode.h"

#include <algorithm>
#include <utility>

namespace headrace::loader {
namespace {

// Part of the page cache's room that a set may have to be read through it.
constexpr double kCacheShare = 0.75;

std::string MebibytesText(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

ReadMode::ReadMode(DirectIo wanted, uint64_t set_bytes, uint64_t cache_bytes)
    : set_bytes_(set_bytes), cache_bytes_(cache_bytes) {
  if (wanted != DirectIo::kAuto) {
    why_ = Why::kAsked;
    direct_ = wanted == DirectIo::kOn;
  } else if (static_cast<double>(set_bytes) <= kCacheShare * static_cast<double>(cache_bytes)) {
    why_ = Why::kFits;
  } else {
    why_ = Why::kMeasuring;
    BeginWindow(true);
  }
  direct_now_ = direct_;
}

void ReadMode::BeginWindow(bool direct) {
  direct_ = direct;
  counting_ = false;
  window_bytes_ = 0;
  window_ns_ = 0;
}

void ReadMode::Completed(const Ended& ended, int64_t now_ns) {
  const Why why = why_.load(std::memory_order_relaxed);
  if (why != Why::kMeasuring && why != Why::kMeasured) return;
  const int64_t since = now_ns - std::exchange(last_ns_, now_ns);
  if (why == Why::kMeasured) {
    chosen_bytes_ += ended.buffered + ended.direct;
    if (chosen_bytes_ < kChosenWindows * kWindowBytes) return;
    why_.store(Why::kMeasuring, std::memory_order_relaxed);
    windows_ = 0;
    BeginWindow(!direct_);
    return;
  }
  // Reads of the window before are still coming: neither their bytes nor their time belong here.
  if ((direct_ ? ended.buffered : ended.direct) > 0) {
    counting_ = false;
    window_bytes_ = 0;
    window_ns_ = 0;
    return;
  }
  if (!std::exchange(counting_, true)) return;
  window_bytes_ += direct_ ? ended.direct : ended.buffered;
  window_ns_ += since;
  if (window_bytes_ >= kWindowBytes) EndWindow();
}

void ReadMode::EndWindow() {
  const double seconds = static_cast<double>(std::max<int64_t>(window_ns_, 1)) * 1e-9;
  rates_[direct_ ? 1 : 0][windows_ / 2] =
      static_cast<uint64_t>(static_cast<double>(window_bytes_) / seconds);
  if (++windows_ == 2 * kWindowsEach) return Choose();
  BeginWindow(!direct_);
}

uint64_t ReadMode::RateOf(std::array<uint64_t, kWindowsEach> rates) {
  std::ranges::sort(rates);
  return rates[kWindowsEach / 2];
}

void ReadMode::Choose() {
  const uint64_t buffered = RateOf(rates_[0]);
  const uint64_t direct = RateOf(rates_[1]);
  direct_ = static_cast<double>(direct) > kGain * static_cast<double>(buffered);
  chosen_bytes_ = 0;
  buffered_rate_.store(buffered, std::memory_order_relaxed);
  direct_rate_.store(direct, std::memory_order_relaxed);
  direct_now_.store(direct_, std::memory_order_relaxed);
  why_.store(Why::kMeasured, std::memory_order_relaxed);
}

void ReadMode::GiveUpDirect(const char* why) {
  direct_ = false;
  why_not_.store(why, std::memory_order_relaxed);
  direct_now_.store(false, std::memory_order_relaxed);
  why_.store(Why::kGivenUp, std::memory_order_relaxed);
}

std::string ReadMode::Text() const {
  const std::string mode = direct_now_.load(std::memory_order_relaxed) ? "O_DIRECT" : "page cache";
  switch (why_.load(std::memory_order_relaxed)) {
    case Why::kAsked: return mode + ": loader.direct_io";
    case Why::kFits:
      return mode + ": " + MebibytesText(set_bytes_) + " of shards fit in " +
             MebibytesText(cache_bytes_);
    case Why::kMeasuring:
      return "measuring page cache and O_DIRECT: " + MebibytesText(set_bytes_) +
             " of shards do not fit in " + MebibytesText(cache_bytes_);
    case Why::kMeasured:
      return mode + ": measured " + MebibytesText(buffered_rate_.load(std::memory_order_relaxed)) +
             "/s by page cache, " + MebibytesText(direct_rate_.load(std::memory_order_relaxed)) +
             "/s by O_DIRECT";
    case Why::kGivenUp: return mode + ": " + why_not_.load(std::memory_order_relaxed);
  }
  return mode;
}

}  // namespace headrace::loader
