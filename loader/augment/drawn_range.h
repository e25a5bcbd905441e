// A parameter that is drawn uniformly between two ends for every sample.
#pragma once

#include <string_view>

#include "base/rng.h"
#include "loader/config.h"
#include "loader/config_toml.h"

namespace headrace::loader {

// Reads the parameter `name`: a number v (it is [v, v]) or [low, high], low <= high, both within
// `bounds`. Absent keeps *range: the schema asks for it where it has to be there, and a policy that
// fills draws itself has no use for it.
bool ReadDrawnRange(const OpConfig& config, std::string_view name, const Range& bounds,
                    Range* range, ConfigError* error);
// The same for whole numbers.
bool ReadDrawnWholeRange(const OpConfig& config, std::string_view name, const Range& bounds,
                         Range* range, ConfigError* error);

// One draw, even when both ends are equal.
inline double DrawFrom(const Range& range, RandomStream* stream) {
  return stream->NextUniform(range.low, range.high);
}
// One of the whole numbers from low to high, all equally likely.
inline double DrawWholeFrom(const Range& range, RandomStream* stream) {
  return range.low + stream->NextBelow(static_cast<uint32_t>(range.high - range.low) + 1);
}

}  // namespace headrace::loader
