// Monotonic time in nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace headrace {

inline int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace headrace
