// Which pixel stands where a picture has none: index maps of one axis, iterated, so that any
// distance outside works.
#pragma once

#include <cstdint>

namespace headrace::simd {

// `i` continued past a line of `n` pixels by reversing it again and again without repeating its
// ends: 2 1 | 0 1 2 3 | 2 1 0. One pixel repeats.
constexpr int64_t ReflectedIndex(int64_t i, int64_t n) {
  if (n == 1) return 0;
  const int64_t period = 2 * (n - 1);
  int64_t at = i % period;
  if (at < 0) at += period;
  return at < n ? at : period - at;
}

// The same with the ends repeated: 1 0 | 0 1 2 3 | 3 2.
constexpr int64_t MirroredIndex(int64_t i, int64_t n) {
  const int64_t period = 2 * n;
  int64_t at = i % period;
  if (at < 0) at += period;
  return at < n ? at : period - 1 - at;
}

// The nearest end.
constexpr int64_t NearestIndex(int64_t i, int64_t n) { return i < 0 ? 0 : i < n ? i : n - 1; }

}  // namespace headrace::simd
