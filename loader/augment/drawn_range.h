// A parameter that is drawn uniformly between two ends for every sample.
#pragma once

#include "base/rng.h"
#include "loader/config.h"

namespace headrace::loader {

// One draw, even when both ends are equal.
inline double DrawFrom(const Range& range, RandomStream* stream) {
  return stream->NextUniform(range.low, range.high);
}
// One of the whole numbers from low to high, all equally likely.
inline double DrawWholeFrom(const Range& range, RandomStream* stream) {
  return range.low + stream->NextBelow(static_cast<uint32_t>(range.high - range.low) + 1);
}

}  // namespace headrace::loader
