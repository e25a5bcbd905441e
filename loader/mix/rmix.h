// R-Mix: where two samples are both salient or both not they are blended, elsewhere the salient one
// is shown; on a grid of P x P patches.
//
// A sample's mask says which of its patches are at least as salient as a quantile of them. The
// masks are never made as large as the picture: mixing goes over rectangles (mix_apply.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/status.h"
#include "loader/config.h"
#include "loader/mix/batch_mix.h"

namespace headrace::loader {

inline constexpr uint32_t kRmixPatchesMax = 64;
inline constexpr uint32_t kRmixQuantilesMax = 64;

// Rows (or columns) of patch `index` of `patches` along a side: from here to where the next begins.
inline uint32_t PatchBegin(uint32_t index, uint32_t patches, uint32_t length_px) {
  return static_cast<uint32_t>(uint64_t{index} * length_px / patches);
}

// What a sample shows in a patch.
enum class PatchFate : uint8_t { kBlend, kOwn, kPartner };
inline PatchFate FateOf(const BatchMix& mix, uint32_t sample, uint32_t partner, uint32_t patch) {
  const bool own = mix.IsSalient(sample, patch);
  if (own == mix.IsSalient(partner, patch)) return PatchFate::kBlend;
  return own ? PatchFate::kOwn : PatchFate::kPartner;
}

// (a W + b (256 - W) + 128) >> 8 of each byte, with W = 256 `share`, a whole number.
void BlendRmixBytes(uint8_t* inout, const uint8_t* other, float share, size_t count);

// Saliency of P x P patches: the means over a grid of at least as many cells a side, whose cells
// may be shared between patches. `stride`: of the grid's rows. `patches` numbers are written.
void PoolSaliency(const float* grid, uint32_t grid_height, uint32_t grid_width, size_t stride,
                  uint32_t patches, float* pooled);

// The q-quantile of `count` numbers, between the two next to it (torch.quantile's "linear", in f32
// to the last bit). They are put in another order.
float QuantileOf(float* values, size_t count, float q);

// What an R-Mix draws by, and how often each share of the patches is salient.
struct RmixSettings {
  double p = 1.0;
  double alpha = 0.2;
  std::span<const uint32_t> patches;
  std::span<const float> quantiles;
  RmixPairing pairing = RmixPairing::kMatching;
  bool lam_per_pair = false;
};
// The quantiles by default: 0, 0.11, ..., 0.99.
inline constexpr uint32_t kRmixQuantileSteps = 10;
constexpr float RmixQuantileStep(uint32_t k) { return static_cast<float>(k * 0.11); }
// As f32; the default ones when `quantiles` is empty.
std::vector<float> RmixQuantiles(std::span<const double> quantiles);

// Names of the streams: of a batch, and of each of its samples.
inline constexpr std::string_view kRmixStream = "mix/rmix";
inline constexpr std::string_view kRmixQuantileStream = "mix/rmix/quantile";

// The first draws of a batch: whether it is mixed, and the patches a side.
struct RmixHead {
  bool fires = false;
  uint32_t patches = 0;
};
RmixHead DrawRmixHead(const RmixSettings& settings, RandomStream* batch);

// Draws for a batch whose streams `address` names (its name is not looked at): pairing, shares,
// and the samples' quantiles, each from the stream of its id. Samples with valid 0 take no part.
// Returns whether the batch is to be mixed; masks are still wanting.
bool DrawRmix(const RmixSettings& settings, const BatchShape& shape, StreamAddress address,
              std::span<const int64_t> ids, std::span<const uint8_t> valid, BatchMix* mix);

// Saliency maps of a batch: row i at `data` + i * row_stride (numbers).
struct SaliencyMaps2D {
  const float* data = nullptr;
  uint32_t height = 0;
  uint32_t width = 0;
  size_t row_stride = 0;
};
// Makes the masks of a batch that DrawRmix wants mixed, and of them lambda and partner. A map with
// a number that is not finite, or without anything above 0, counts as alike everywhere; their
// number is *uniform. `quantile`: an index a sample to be used in place of what was drawn, or null;
// one that is too large is an error, as is a grid with fewer cells than patches.
Status PlanRmix(const BatchShape& shape, const SaliencyMaps2D& maps,
                std::span<const float> quantiles, const uint8_t* quantile, BatchMix* mix,
                std::span<float> lambda, std::span<int32_t> partner, uint32_t* uniform);

}  // namespace headrace::loader
