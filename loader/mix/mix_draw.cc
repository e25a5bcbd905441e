// The draws of Mixup and CutMix: for the batch, for pairs, or for each sample by itself.
#include <algorithm>

#include "base/rng.h"
#include "loader/mix/cutmix.h"
#include "loader/mix/mixer.h"
#include "loader/mix/partners.h"

namespace headrace::loader {
namespace {

// Streams of a batch, and with mode "element" of each of its samples.
constexpr std::string_view kMixupStream = "mix/mixup";
constexpr std::string_view kCutMixStream = "mix/cutmix";
constexpr std::string_view kMixupElementStream = "mix/mixup/element";
constexpr std::string_view kCutMixElementStream = "mix/cutmix/element";

// What one unit (a batch, a pair, a sample) draws.
struct UnitDraws {
  bool fires = false;
  float share = 1.0f;  // of a sample itself, after correction to the real area
  RectPx box;          // CutMix
};

// All draws are taken, whatever comes of them: p, the share, the box.
UnitDraws TakeDraws(const MixConfig& config, SizePx size, RandomStream* stream) {
  UnitDraws draws;
  draws.fires = stream->NextUnit() < config.p;
  double lam = stream->NextBeta(config.alpha, config.alpha);
  draws.box = config.minmax.has_value() ? DrawCutMixBoxInRange(stream, size, *config.minmax)
                                        : DrawCutMixBox(stream, size, lam);
  const bool cutmix = config.op == "cutmix";
  if (cutmix && (config.correct_lam || config.minmax.has_value())) {
    lam = 1.0 - static_cast<double>(uint64_t{draws.box.width} * draws.box.height) /
                    static_cast<double>(uint64_t{size.width} * size.height);
  }
  draws.share = static_cast<float>(lam);
  if (!cutmix) draws.box = {};
  return draws;
}

// A share that rounds to one with nothing to move leaves a sample with itself.
bool ChangesNothing(const UnitDraws& draws) {
  return draws.share == 1.0f && (draws.box.width == 0 || draws.box.height == 0);
}

}  // namespace

void Mixer::DrawMixupOrCutMix(const Entry& entry, StreamAddress address,
                              std::span<const int64_t> ids, std::span<const uint8_t> valid,
                              BatchMix* mix, std::span<float> lambda,
                              std::span<int32_t> partner) const {
  const MixConfig& config = entry.config;
  const bool cutmix = config.op == "cutmix";
  const SizePx size{shape_.width, shape_.height};
  const auto count = static_cast<uint32_t>(valid.size());
  address.name = cutmix ? kCutMixStream : kMixupStream;
  RandomStream batch(address);
  // Of the batch; with mode "element" nothing comes of them. A pair draws its own below.
  const UnitDraws of_all =
      config.mode == MixMode::kPair ? UnitDraws{} : TakeDraws(config, size, &batch);
  const MixPartner rule = config.mode == MixMode::kPair ? MixPartner::kFlip : config.partner;
  mix->chain.resize(count);
  const uint32_t taking_part = AssignPartners(rule, valid, &batch, mix->chain, partner);
  mix->chain.clear();

  std::fill_n(mix->share.begin(), count, 1.0f);
  std::fill_n(mix->box.begin(), count, RectPx{});
  bool any_fires = config.mode == MixMode::kBatch && of_all.fires;
  const auto is_left = [&](uint32_t i) { return partner[i] == static_cast<int32_t>(i); };
  address.name = cutmix ? kCutMixElementStream : kMixupElementStream;
  for (uint32_t i = 0; i < count; ++i) {
    if (valid[i] == 0 || is_left(i)) continue;
    const auto other = static_cast<uint32_t>(partner[i]);
    UnitDraws draws = of_all;
    if (config.mode == MixMode::kElement) {
      address.unit = static_cast<uint64_t>(ids[i]);
      RandomStream own(address);
      draws = TakeDraws(config, size, &own);
    } else if (config.mode == MixMode::kPair) {
      if (other < i) continue;  // its partner has drawn for both
      draws = TakeDraws(config, size, &batch);
    }
    any_fires = any_fires || draws.fires;
    if (!draws.fires || ChangesNothing(draws)) continue;
    for (const uint32_t sample : {i, config.mode == MixMode::kPair ? other : i}) {
      mix->share[sample] = draws.share;
      mix->box[sample] = draws.box;
      lambda[sample] = draws.share;
    }
  }
  if (taking_part >= 2 && any_fires) {
    mix->entry = mix->chosen;
    // Samples that stay as they are still lend their pixels, so cycles are those of the whole map.
    FindCycles(partner.first(count), &mix->chain, &mix->chain_begin);
    mix->kind = cutmix ? MixKind::kCutMix : MixKind::kMixup;
  }
  bool any_changes = false;
  for (uint32_t i = 0; i < count; ++i) {
    const bool changes =
        mix->entry >= 0 && !is_left(i) && !(mix->share[i] == 1.0f && mix->box[i].width == 0);
    if (!changes) partner[i] = static_cast<int32_t>(i);
    any_changes = any_changes || changes;
  }
  if (any_changes) return;
  mix->kind = MixKind::kNone;
  mix->chain.clear();
  mix->chain_begin.assign(1, 0);
}

}  // namespace headrace::loader
