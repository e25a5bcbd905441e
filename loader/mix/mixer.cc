#include "loader/mix/mixer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/rng.h"
#include "loader/mix/mix_apply.h"
#include "loader/saliency/saliency.h"

namespace headrace::loader {
namespace {

// Of the choice among the entries.
constexpr std::string_view kChoiceStream = "mix";

bool NeedsConsumer(RmixSaliency saliency) {
  return saliency == RmixSaliency::kModel || saliency == RmixSaliency::kCallback;
}

bool MixError(const MixConfig& entry, Code code, const std::string& what, ConfigError* error) {
  error->code = code;
  error->text = NameOf(entry) + ": " + what;
  return false;
}

bool CheckRmix(const MixConfig& entry, const BatchShape& shape, ConfigError* error) {
  const auto value_error = [&](const std::string& what) {
    return MixError(entry, Code::kConfigValue, what, error);
  };
  const RmixConfig& rmix = entry.rmix;
  const uint32_t side = std::min({shape.height, shape.width, kRmixPatchesMax});
  if (rmix.patches.empty()) return value_error("patches: expected at least one number");
  for (const uint32_t patches : rmix.patches) {
    if (patches >= 1 && patches <= side) continue;
    return value_error("patches: found " + std::to_string(patches) + "; expected 1 to " +
                       std::to_string(side) + ", and a picture of " + std::to_string(shape.width) +
                       "x" + std::to_string(shape.height) + " pixels has no more");
  }
  if (rmix.quantiles.size() > kRmixQuantilesMax) {
    return value_error("quantiles: expected at most 64 numbers");
  }
  for (const double q : rmix.quantiles) {
    if (!(q >= 0 && q <= 1)) return value_error("quantiles: expected numbers from 0 to 1");
  }
  return true;
}

bool CheckEntry(const MixConfig& entry, const BatchShape& shape, ConfigError* error) {
  const auto value_error = [&](const char* what) {
    return MixError(entry, Code::kConfigValue, what, error);
  };
  if (entry.op != "mixup" && entry.op != "cutmix" && entry.op != "rmix" && entry.op != "ace") {
    return value_error("there is no such op; there are mixup, cutmix, rmix, ace");
  }
  // ACE's alpha is the length of a step, and 0 lets it choose.
  const bool alpha_fits = entry.op == "ace" ? entry.alpha >= 0 : entry.alpha >= kBetaAlphaMin;
  if (!(alpha_fits && std::isfinite(entry.alpha))) {
    return value_error("alpha: expected a number of at least 0.000001");
  }
  if (!(entry.weight >= 0 && std::isfinite(entry.weight))) {
    return value_error("weight: expected a number of at least 0");
  }
  if (!(entry.p >= 0 && entry.p <= 1)) return value_error("p: expected a number from 0 to 1");
  if (!(entry.label_smoothing >= 0 && entry.label_smoothing <= 1)) {
    return value_error("label_smoothing: expected a number from 0 to 1");
  }
  if (entry.op == "rmix" && !CheckRmix(entry, shape, error)) return false;
  if (!entry.minmax.has_value()) return true;
  if (entry.op != "cutmix") return value_error("minmax: only cutmix takes it");
  if (!(entry.minmax->low >= 0 && entry.minmax->low <= entry.minmax->high &&
        entry.minmax->high <= 1)) {
    return value_error("minmax: expected [low, high] with 0 <= low <= high <= 1");
  }
  return true;
}

}  // namespace

RmixSettings Mixer::Entry::Rmix() const {
  return {.p = config.p,
          .alpha = config.alpha,
          .patches = config.rmix.patches,
          .quantiles = quantiles,
          .pairing = config.rmix.pairing,
          .lam_per_pair = config.rmix.lam_per_pair};
}

std::string NameOf(const MixConfig& entry) {
  std::string name = "[[mix]] " + entry.op;
  if (entry.line > 0) name += " (line " + std::to_string(entry.line) + ")";
  return name;
}

bool Mixer::Make(std::span<const MixConfig> entries, const BatchShape& shape,
                 std::unique_ptr<Mixer>* mixer, ConfigError* error) {
  std::unique_ptr<Mixer> made(new Mixer);
  made->shape_ = shape;
  made->patches_max_.masks = shape.consumer_patches_max;
  double total = 0;
  for (const MixConfig& config : entries) {
    if (!CheckEntry(config, shape, error)) return false;
    total += config.weight;
    Entry entry{.config = config};
    for (const Entry& earlier : made->entries_) {
      entry.occurrence += earlier.config.op == config.op ? 1 : 0;
    }
    if (config.op == "rmix") {
      entry.quantiles = RmixQuantiles(config.rmix.quantiles);
      const uint32_t patches = *std::ranges::max_element(config.rmix.patches);
      made->patches_max_.masks = std::max(made->patches_max_.masks, patches);
      if (!NeedsConsumer(config.rmix.saliency)) {
        made->patches_max_.saliency = std::max(made->patches_max_.saliency, patches);
      }
    }
    made->entries_.push_back(std::move(entry));
  }
  if (!entries.empty() && !(total > 0 && std::isfinite(total))) {
    return MixError(entries.front(), Code::kConfigValue,
                    "weight: the weights of all entries add up to nothing", error);
  }
  *mixer = std::move(made);
  return true;
}

size_t Mixer::Choose(const StreamAddress& batch) const {
  StreamAddress address = batch;
  address.name = kChoiceStream;
  const double u = RandomStream(address).NextUnit();
  double total = 0;
  for (const Entry& entry : entries_) total += entry.config.weight;
  double sum = 0;
  for (size_t i = 0; i + 1 < entries_.size(); ++i) {
    sum += entries_[i].config.weight;
    if (u * total < sum) return i;
  }
  return entries_.size() - 1;
}

const MixConfig* Mixer::WantsSaliency(uint64_t seed, uint32_t epoch, uint64_t global_batch,
                                      uint32_t* patches) const {
  if (!EverWantsSaliency()) return nullptr;
  StreamAddress address{.seed = seed, .epoch = epoch, .unit = global_batch};
  const Entry& entry = entries_[Choose(address)];
  if (entry.config.op != "rmix" || NeedsConsumer(entry.config.rmix.saliency)) return nullptr;
  address.name = kRmixStream;
  address.occurrence = entry.occurrence;
  RandomStream stream(address);
  const RmixHead head = DrawRmixHead(entry.Rmix(), &stream);
  *patches = head.patches;
  return head.fires ? &entry.config : nullptr;
}

bool Mixer::EverWants(RmixSaliency saliency) const {
  return std::ranges::any_of(entries_, [saliency](const Entry& entry) {
    return entry.config.op == "rmix" && entry.config.rmix.saliency == saliency;
  });
}

void Mixer::KeepSaliency(BatchMix* mix, uint32_t row, uint32_t patches, const float* map) const {
  HR_DCHECK(size_t{patches} * patches <= mix->patch_stride);
  PoolSaliency(map, kSaliencySide, kSaliencySide, kSaliencySide, patches,
               mix->patch_saliency.data() + row * mix->patch_stride);
}

void Mixer::Draw(uint64_t seed, uint32_t epoch, uint64_t global_batch, std::span<const int64_t> ids,
                 std::span<const uint8_t> valid, BatchMix* mix, std::span<float> lambda,
                 std::span<int32_t> partner) const {
  HR_DCHECK(valid.size() <= shape_.batch_size && ids.size() >= valid.size());
  HR_DCHECK(lambda.size() >= valid.size() && partner.size() >= valid.size());
  mix->chosen = mix->entry = -1;
  mix->kind = MixKind::kNone;
  mix->label_smoothing = 0;
  mix->chain.clear();
  mix->chain_begin.assign(1, 0);
  for (size_t i = 0; i < valid.size(); ++i) {
    lambda[i] = 1.0f;
    partner[i] = static_cast<int32_t>(i);
  }
  if (entries_.empty()) return;

  StreamAddress address{.seed = seed, .epoch = epoch, .unit = global_batch};
  const size_t chosen = Choose(address);
  const Entry& entry = entries_[chosen];
  address.occurrence = entry.occurrence;
  mix->chosen = static_cast<int32_t>(chosen);
  mix->label_smoothing = entry.config.label_smoothing;
  if (entry.config.op == "ace") {  // chosen, and nothing to mix: the consumer's thread does it all
    mix->entry = mix->chosen;
    return;
  }
  if (entry.config.op != "rmix") {
    DrawMixupOrCutMix(entry, address, ids, valid, mix, lambda, partner);
    return;
  }
  if (!DrawRmix(entry.Rmix(), shape_, address, ids, valid, mix)) return;
  mix->entry = mix->chosen;
  if (WaitsForConsumer(*mix)) return;
  const Status planned = PlanRmix(mix, mix->patch_saliency.data(), mix->patches, mix->patches,
                                  mix->patch_stride, nullptr, lambda, partner);
  HR_DCHECK(planned.ok());
  (void)planned;
}

bool Mixer::WaitsForConsumer(const BatchMix& mix) const {
  if (mix.entry < 0) return false;
  const MixConfig& config = EntryOf(mix);
  return config.op == "ace" || (config.op == "rmix" && NeedsConsumer(config.rmix.saliency));
}

const MixConfig& Mixer::EntryOf(const BatchMix& mix) const {
  HR_DCHECK(mix.chosen >= 0);
  return entries_[static_cast<size_t>(mix.chosen)].config;
}

Status Mixer::PlanRmix(BatchMix* mix, const float* maps, uint32_t grid_height, uint32_t grid_width,
                       size_t row_stride, const uint8_t* quantile, std::span<float> lambda,
                       std::span<int32_t> partner) const {
  uint32_t uniform = 0;
  return loader::PlanRmix(
      shape_, {.data = maps, .height = grid_height, .width = grid_width, .row_stride = row_stride},
      entries_[static_cast<size_t>(mix->chosen)].quantiles, quantile, mix, lambda, partner,
      &uniform);
}

size_t Mixer::BandScratchBytes() const { return entries_.empty() ? 0 : kMixScratchBytes; }

void Mixer::ApplyBand(const BatchMix& mix, void* images, uint32_t rows, uint32_t band,
                      uint32_t band_count, std::span<std::byte> scratch) const {
  ApplyMixBand(shape_, mix, images, rows, band, band_count, scratch);
}

void Mixer::MakeSoftLabels(const BatchMix& mix, std::span<const int64_t> labels,
                           std::span<const float> lambda, std::span<const int32_t> partner,
                           float* soft) const {
  if (shape_.label_rows) {
    MixLabelRows(mix, shape_.classes, lambda, soft);
  } else {
    MakeMixedLabels(mix, shape_.classes, labels, lambda, partner, soft);
  }
}

}  // namespace headrace::loader
