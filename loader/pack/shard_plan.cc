#include "loader/pack/shard_plan.h"

#include <cstdio>
#include <span>

#include "base/checked_math.h"
#include "base/hash.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

// Of labels and class names, which the fingerprint of the samples leaves out.
uint64_t LabelHash(const Dataset& dataset) {
  uint64_t hash = dataset.classes().size();
  for (const std::string& name : dataset.classes()) {
    hash = Hash64(std::as_bytes(std::span(name.c_str(), name.size() + 1)), hash);
  }
  for (uint64_t id = 0; id < dataset.size(); ++id) {
    if (!OpeningGoesOnAt(id)) return 0;
    const int64_t label = dataset.Label(id);
    hash = Hash64(std::as_bytes(std::span(&label, 1)), hash);
  }
  return hash;
}

std::string Hex(uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

// Those that decide which files are copied, where they are not the defaults.
std::string LimitsText(const Limits& limits) {
  const Limits usual;
  std::string text;
  const auto add = [&text](const char* name, uint64_t value, uint64_t usual_value) {
    if (value != usual_value) text += std::string(", ") + name + " " + std::to_string(value);
  };
  add("max_pixels", limits.max_pixels, usual.max_pixels);
  add("max_side", limits.max_side, usual.max_side);
  add("max_decoded_bytes", limits.max_decoded_bytes, usual.max_decoded_bytes);
  add("max_encoded_bytes", limits.max_encoded_bytes, usual.max_encoded_bytes);
  add("jpeg_scans", limits.jpeg_scans, usual.jpeg_scans);
  add("jpeg_memory", limits.jpeg_memory, usual.jpeg_memory);
  return text;
}

}  // namespace

bool PlanShards(const Dataset& dataset, uint64_t shard_bytes, ShardPlan* plan, JobError* error) {
  plan->begin = {0};
  uint64_t bytes = 0;
  for (uint64_t id = 0; id < dataset.size(); ++id) {
    if (!OpeningGoesOnAt(id)) return OpeningGoesOn(error);
    const uint64_t more = dataset.Locate(id).bytes;
    const uint64_t samples = id - plan->begin.back();
    if (samples > 0 && (SaturatingAdd(bytes, more) > shard_bytes || samples == kShardSamplesMax)) {
      plan->begin.push_back(id);
      bytes = 0;
    }
    bytes = SaturatingAdd(bytes, more);
  }
  plan->begin.push_back(dataset.size());
  if (plan->shards() <= kShardsMax) return true;
  return Fail(error, Code::kInvalidArgument,
              "shard size: " + std::to_string(shard_bytes) + " bytes would make " +
                  std::to_string(plan->shards()) + " shards; at most " +
                  std::to_string(kShardsMax) + " are possible: raise it");
}

std::string SettingsText(const Dataset& dataset, const codecs::PackOptions& options,
                         uint64_t shard_bytes) {
  const bool jpeg = options.codec == codecs::PackCodec::kJpeg;
  return std::string("pack 2, codec ") + (jpeg ? "jpeg" : "coef") + ", max side " +
         std::to_string(options.max_side_px) + ", quality " + std::to_string(options.quality) +
         ", shard size " + std::to_string(shard_bytes) + ", source " + Hex(dataset.Fingerprint()) +
         ", labels " + Hex(LabelHash(dataset)) + LimitsText(options.limits);
}

}  // namespace headrace::loader
