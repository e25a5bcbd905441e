// The key of a draw's random field (simd/noise.h): 53 bits, so that it is a whole number in TOML
// and in JSON, kept as two words in values[1] (the lower 32 bits) and values[2].
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/rng.h"
#include "loader/augment/draw_list.h"
#include "loader/config.h"
#include "loader/config_toml.h"

namespace headrace::loader {

inline constexpr int64_t kNoiseKeyMax = (int64_t{1} << 53) - 1;

// Takes two words of the stream, whether a key is given or not.
void DrawNoiseKey(RandomStream* stream, std::optional<int64_t> given, OpDraw* draw);
// Policies may leave any words in the draw.
uint64_t NoiseKeyOf(const OpDraw& draw);

// noise_key, if it is there.
bool ReadNoiseKey(const OpConfig& config, std::optional<int64_t>* key, ConfigError* error);
void AppendNoiseKey(const OpDraw& draw, std::string* toml);

}  // namespace headrace::loader
