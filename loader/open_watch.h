// Whoever waits while a data set is opened: is told how far it is, and may end it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/status.h"
#include "loader/config_toml.h"
#include "loader/job.h"

namespace headrace::loader {

// What: as long as it lives, the steps below find it, so that what looks through folders, lists and
// shards need not pass it on through all that lies between. Once its owner wants no more, every
// step says so, and what was begun fails with kStopped.
// Owner and thread: the call that opens, on its thread; a helper's thread makes one of its own. The
// innermost of a thread counts. Cost: a step is a clock's read, some nanoseconds, or nothing where
// nobody waits.
class OpenWatch {
 public:
  using ProgressFn = std::function<bool(const JobProgress&)>;
  static constexpr int64_t kEveryNs = 50'000'000;

  // When `progress` is called first.
  enum class First : uint8_t {
    kAtOnce,
    kLater,  // whoever waits for a job hears of its opening only if that takes longer
  };

  // `progress` is called at the first step or later, and then as often as that, on this thread,
  // outside of any watch; false: no more of it. JobProgress::samples is 0: nobody knows yet. Null:
  // nobody waits.
  explicit OpenWatch(ProgressFn progress, First first = First::kAtOnce,
                     int64_t every_ns = kEveryNs);
  // Of a thread that works for another: ends when that one has set the flag.
  explicit OpenWatch(const std::atomic<bool>& stop);
  ~OpenWatch();
  OpenWatch(const OpenWatch&) = delete;
  OpenWatch& operator=(const OpenWatch&) = delete;

  bool GoesOn();
  void IsAt(const JobProgress& place) { place_ = place; }
  void Found(uint64_t samples) { place_.samples_done += samples; }
  // That of this thread, or null.
  static OpenWatch* Current();

 private:
  const ProgressFn progress_;
  const std::atomic<bool>* const stop_ = nullptr;
  const int64_t every_ns_ = kEveryNs;
  OpenWatch* const outer_;
  int64_t next_ns_ = INT64_MIN;
  JobProgress place_;
  bool ended_ = false;
};

inline constexpr const char* kOpeningStopped = "stopped by the caller";

// A step of an opening: whether whoever waits for it still does. To be asked at least every few
// milliseconds.
inline bool OpeningGoesOn() {
  OpenWatch* const watch = OpenWatch::Current();
  return watch == nullptr || watch->GoesOn();
}
// The same; false with *error, which is a ConfigError or a JobError.
template <class Error>
[[nodiscard]] bool OpeningGoesOn(Error* error) {
  return OpeningGoesOn() || Fail(error, Code::kStopped, kOpeningStopped);
}
// A step of a loop that does little for each of very many.
inline bool OpeningGoesOnAt(uint64_t i) { return (i & 127) != 0 || OpeningGoesOn(); }

// How far it is. Tells nobody by itself.
inline void OpeningFound(uint64_t samples) {
  if (OpenWatch* const watch = OpenWatch::Current(); watch != nullptr) watch->Found(samples);
}
inline void OpeningIsAt(const JobProgress& place) {
  if (OpenWatch* const watch = OpenWatch::Current(); watch != nullptr) watch->IsAt(place);
}

}  // namespace headrace::loader
