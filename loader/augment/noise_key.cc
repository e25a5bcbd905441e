#include "loader/augment/noise_key.h"

#include "loader/augment/param_values.h"

namespace headrace::loader {

void DrawNoiseKey(RandomStream* stream, std::optional<int64_t> given, OpDraw* draw) {
  uint64_t key = stream->NextU32();
  key |= uint64_t{stream->NextU32()} << 32;
  if (given.has_value()) key = static_cast<uint64_t>(*given);
  draw->values[1] = static_cast<double>(key & 0xFFFFFFFF);
  draw->values[2] = static_cast<double>(key >> 32);
}

uint64_t NoiseKeyOf(const OpDraw& draw) {
  const auto low = static_cast<uint64_t>(draw.values[1]);
  const auto high = static_cast<uint64_t>(draw.values[2]);
  return (high << 32 | low) & static_cast<uint64_t>(kNoiseKeyMax);
}

bool ReadNoiseKey(const OpConfig& config, std::optional<int64_t>* key, ConfigError* error) {
  return ReadInteger(config, "noise_key", 0, kNoiseKeyMax, key, error);
}

void AppendNoiseKey(const OpDraw& draw, std::string* toml) {
  toml->append("noise_key = ").append(std::to_string(NoiseKeyOf(draw))).append("\n");
}

}  // namespace headrace::loader
