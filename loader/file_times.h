// Times of files as one number.
#pragma once

#include <cstdint>
#include <ctime>

namespace headrace::loader {

// Only compared for equality: a time that a file system made up may wrap.
inline int64_t NanosecondsOf(const timespec& time) {
  constexpr uint64_t kNsPerSecond = 1'000'000'000;
  return static_cast<int64_t>(static_cast<uint64_t>(time.tv_sec) * kNsPerSecond +
                              static_cast<uint64_t>(time.tv_nsec));
}

}  // namespace headrace::loader
