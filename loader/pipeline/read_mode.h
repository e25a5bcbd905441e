// ReadMode: whether shards are read through the page cache or past it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "loader/config.h"

namespace headrace::loader {

// What: decides for each read of a shard. Shards that fit in the page cache are read through it, so
// that the next epoch finds them there; of others both ways are measured, in turns, while the reads
// are in flight, and the faster one goes on until it is measured again. Owner: the loader. Thread:
// the read stage's, but for Text. Cost: a few additions a read.
class ReadMode {
 public:
  // A window of a measurement, and how many of each way make one. The median counts.
  static constexpr uint64_t kWindowBytes = uint64_t{32} << 20;
  static constexpr uint32_t kWindowsEach = 3;
  // Reads that came back together: their bytes by what direct() was when they were asked for. Ones
  // of the window before end a while after it.
  struct Ended {
    uint64_t buffered = 0;
    uint64_t direct = 0;
  };
  // The faster way goes on for so many windows.
  static constexpr uint64_t kChosenWindows = 256;
  // Past the page cache only for so much more.
  static constexpr double kGain = 1.05;

  // `set_bytes`: what the samples take in the page cache; `cache_bytes`: what it can be expected to
  // hold.
  ReadMode(DirectIo wanted, uint64_t set_bytes, uint64_t cache_bytes);

  // Whether reads past the page cache may come.
  bool may_direct() const { return direct_; }
  // They cannot, or one was refused: not tried again. `why`: static.
  void GiveUpDirect(const char* why);
  // Of the next read.
  bool direct() const { return direct_; }
  // Nothing is in flight, and reads are about to be asked for: their time begins at `now_ns`, for
  // those that the page cache can serve end inside the call that asks for them. What went by since
  // the last completion is not the disk's.
  void Begin(int64_t now_ns) { last_ns_ = now_ns; }
  // Reads have ended by `now_ns`.
  void Completed(const Ended& ended, int64_t now_ns);

  // One line for the stats: what is done, and why. Any thread.
  std::string Text() const;

 private:
  enum class Why : uint8_t { kAsked, kFits, kMeasuring, kMeasured, kGivenUp };

  void BeginWindow(bool direct);
  void EndWindow();
  void Choose();
  static uint64_t RateOf(std::array<uint64_t, kWindowsEach> rates);

  const uint64_t set_bytes_;
  const uint64_t cache_bytes_;

  bool direct_ = false;
  bool counting_ = false;      // the window's first own reads have ended
  uint64_t window_bytes_ = 0;  // since then
  int64_t window_ns_ = 0;      // with reads in flight
  uint64_t chosen_bytes_ = 0;  // read since the choice
  int64_t last_ns_ = 0;        // when reads ended last, or began
  uint32_t windows_ = 0;       // measured
  std::array<std::array<uint64_t, kWindowsEach>, 2> rates_{};  // bytes a second; [1]: direct

  // For Text: relaxed, they order nothing.
  std::atomic<Why> why_;
  std::atomic<const char*> why_not_{""};
  std::atomic<bool> direct_now_{false};
  std::atomic<uint64_t> buffered_rate_{0};
  std::atomic<uint64_t> direct_rate_{0};
};

}  // namespace headrace::loader
