// State: where a run stands, in a few bytes.
//
// docs/state.md has the layout. A state is a place (epoch, position) and what has to agree for the
// place to mean the same samples and the same bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "loader/config.h"
#include "loader/config_hash.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"
#include "loader/epoch_samples.h"

namespace headrace::loader {

inline constexpr size_t kStateBytes = 112;

// Where the consumer is: of `epoch`, all positions below `position` are done.
struct RunPlace {
  uint32_t epoch = 0;
  uint64_t position = 0;
  friend bool operator==(const RunPlace&, const RunPlace&) = default;
};

// Epochs are told apart up to here (docs/rng.md).
inline constexpr uint32_t kEpochsMax = 1u << 24;

// What a state of one open loader says beside the place.
struct StateIdentity {
  ConfigHashes config;
  uint64_t data = 0;  // fingerprint of the data set
  uint64_t samples = 0;
  uint64_t seed = 0;
  Shuffle shuffle = Shuffle::kFull;
  uint32_t shuffle_window = 0;  // 0 unless shuffle = "block"
  uint64_t epoch_samples = 0;   // positions of an epoch
};

// Looks at every sample of the data set. `chosen` null: an epoch is each of them once.
StateIdentity IdentityOf(const Config& config, const Dataset& dataset,
                         const EpochSamples* chosen = nullptr);

using StateBytes = std::array<std::byte, kStateBytes>;
StateBytes WriteState(const StateIdentity& identity, const RunPlace& place);

// False with *error: no state, damaged, of another version (kCorrupt, kNotInThisVersion), or of
// another configuration or data set (kConfigValue); the text has both values.
[[nodiscard]] bool ReadState(std::span<const std::byte> bytes, const StateIdentity& identity,
                             RunPlace* place, ConfigError* error);

}  // namespace headrace::loader
