// What of a configuration decides which bytes a run gives, as numbers: a state is of one
// configuration and fits no other.
#pragma once

#include <cstdint>

#include "loader/config.h"

namespace headrace::loader {

// A hash a table, so that a refusal can say which one differs. Workers, prefetch, reader, pin,
// tail, rank, world size, batch size, checkpoints, what becomes of bad samples, limits and paths
// are in none of them: with those another run gives the same bytes, or the same samples in other
// batches.
struct ConfigHashes {
  uint64_t order = 0;  // seed, shuffle, shuffle_window where shuffle = "block", weights
  uint64_t decode = 0;
  uint64_t output = 0;
  uint64_t augment = 0;
  uint64_t mix = 0;

  // Of all of them: the configuration hash of a state. Allocates nothing.
  uint64_t Together() const;
  friend bool operator==(const ConfigHashes&, const ConfigHashes&) = default;
};

// The same on every machine. Allocates.
ConfigHashes HashConfig(const Config& config);

}  // namespace headrace::loader
