#include "loader/mix/rmix.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "loader/mix/partners.h"

namespace headrace::loader {
namespace {

// A share of one pair, and as bytes can have it.
float DrawShare(const RmixSettings& settings, const BatchShape& shape, RandomStream* stream) {
  const double share = stream->NextBeta(settings.alpha, settings.alpha);
  if (shape.dtype != simd::Dtype::kU8) return static_cast<float>(share);
  return static_cast<float>(std::floor(share * 256 + 0.5) / 256);
}

// The shares of the samples that take part, one a pair.
void DrawShares(const RmixSettings& settings, const BatchShape& shape, float share_of_all,
                RandomStream* stream, BatchMix* mix) {
  for (uint32_t i = 0; i < mix->pairing.size(); ++i) {
    const auto other = static_cast<uint32_t>(mix->pairing[i]);
    mix->share[i] = share_of_all;
    if (!settings.lam_per_pair || other == i) continue;
    const bool is_pair = mix->pairing[other] == static_cast<int32_t>(i);
    mix->share[i] = is_pair && other < i ? mix->share[other] : DrawShare(settings, shape, stream);
  }
}

// The mask of one sample from its patches, whose values lie in mix->order.
void MakeMask(uint32_t sample, float q, BatchMix* mix) {
  const size_t count = size_t{mix->patches} * mix->patches;
  float* pooled = mix->order.data();
  float* sorted = pooled + count;
  std::copy_n(pooled, count, sorted);
  const float threshold = QuantileOf(sorted, count, q);
  uint64_t* words = mix->masks.data() + sample * mix->mask_words;
  std::fill_n(words, mix->mask_words, 0u);
  for (size_t k = 0; k < count; ++k) {
    if (pooled[k] >= threshold) words[k / 64] |= uint64_t{1} << k % 64;
  }
}

bool IsUsable(const float* values, size_t count) {
  double sum = 0;
  for (size_t k = 0; k < count; ++k) {
    if (!std::isfinite(values[k]) || values[k] < 0) return false;
    sum += static_cast<double>(values[k]);
  }
  return sum > 0;
}

// The share of the pixels that sample's own picture has in the result.
float LambdaOf(const BatchShape& shape, const BatchMix& mix, uint32_t sample, uint32_t partner) {
  const uint32_t patches = mix.patches;
  uint64_t blended = 0;
  uint64_t own = 0;
  for (uint32_t r = 0; r < patches; ++r) {
    const uint32_t height =
        PatchBegin(r + 1, patches, shape.height) - PatchBegin(r, patches, shape.height);
    for (uint32_t c = 0; c < patches; ++c) {
      const uint32_t width =
          PatchBegin(c + 1, patches, shape.width) - PatchBegin(c, patches, shape.width);
      const PatchFate fate = FateOf(mix, sample, partner, r * patches + c);
      if (fate == PatchFate::kBlend) blended += uint64_t{height} * width;
      if (fate == PatchFate::kOwn) own += uint64_t{height} * width;
    }
  }
  const double share = static_cast<double>(mix.share[sample]);
  return static_cast<float>((static_cast<double>(blended) * share + static_cast<double>(own)) /
                            (static_cast<double>(shape.height) * shape.width));
}

// Cells of a grid of `length` that lie in patch `index` of `patches`, in units of which a cell has
// `patches` and a patch `length`.
struct PatchCells {
  PatchCells(uint32_t index, uint32_t patches_a_side, uint32_t length)
      : patches(patches_a_side),
        begin(uint64_t{index} * length),
        end(begin + length),
        first(static_cast<uint32_t>(begin / patches)),
        last(static_cast<uint32_t>((end + patches - 1) / patches)) {}
  double Weight(uint32_t cell) const {
    const uint64_t from = std::max(begin, uint64_t{cell} * patches);
    const uint64_t to = std::min(end, uint64_t{cell + 1} * patches);
    return static_cast<double>(to - from);
  }
  uint32_t patches;
  uint64_t begin;
  uint64_t end;
  uint32_t first;
  uint32_t last;
};

}  // namespace

void BlendRmixBytes(uint8_t* __restrict inout, const uint8_t* __restrict other, float share,
                    size_t count) {
  const auto own_weight = static_cast<uint16_t>(share * 256);
  const auto other_weight = static_cast<uint16_t>(256 - own_weight);
  for (size_t i = 0; i < count; ++i) {
    // At most 255 * 256 + 128.
    const auto sum = static_cast<uint16_t>(inout[i] * own_weight + other[i] * other_weight + 128);
    inout[i] = static_cast<uint8_t>(sum >> 8);
  }
}

void PoolSaliency(const float* grid, uint32_t grid_height, uint32_t grid_width, size_t stride,
                  uint32_t patches, float* pooled) {
  const double area = static_cast<double>(grid_height) * grid_width;
  for (uint32_t r = 0; r < patches; ++r) {
    const PatchCells rows(r, patches, grid_height);
    for (uint32_t c = 0; c < patches; ++c) {
      const PatchCells columns(c, patches, grid_width);
      double sum = 0;
      for (uint32_t y = rows.first; y < rows.last; ++y) {
        double row = 0;
        for (uint32_t x = columns.first; x < columns.last; ++x) {
          row += columns.Weight(x) * static_cast<double>(grid[y * stride + x]);
        }
        sum += rows.Weight(y) * row;
      }
      pooled[r * patches + c] = static_cast<float>(sum / area);
    }
  }
}

float QuantileOf(float* values, size_t count, float q) {
  const float place = q * static_cast<float>(count - 1);
  const auto low = std::min(static_cast<size_t>(place), count - 1);
  const float weight = place - static_cast<float>(low);
  float* const nth = values + low;
  std::nth_element(values, nth, values + count);
  const float below = *nth;
  if (low + 1 == count) return below;
  const float above = *std::min_element(nth + 1, values + count);
  return weight < 0.5f ? below + weight * (above - below)
                       : above - (above - below) * (1.0f - weight);
}

std::vector<float> RmixQuantiles(std::span<const double> quantiles) {
  std::vector<float> out;
  for (const double q : quantiles) out.push_back(static_cast<float>(q));
  for (uint32_t k = 0; quantiles.empty() && k < kRmixQuantileSteps; ++k) {
    out.push_back(RmixQuantileStep(k));
  }
  return out;
}

RmixHead DrawRmixHead(const RmixSettings& settings, RandomStream* batch) {
  RmixHead head;
  head.fires = batch->NextUnit() < settings.p;
  head.patches = settings.patches[batch->NextBelow(static_cast<uint32_t>(settings.patches.size()))];
  return head;
}

bool DrawRmix(const RmixSettings& settings, const BatchShape& shape, StreamAddress address,
              std::span<const int64_t> ids, std::span<const uint8_t> valid, BatchMix* mix) {
  address.name = kRmixStream;
  RandomStream batch(address);
  const RmixHead head = DrawRmixHead(settings, &batch);
  mix->patches = head.patches;
  const float share_of_all = DrawShare(settings, shape, &batch);
  mix->pairing.resize(valid.size());
  mix->chain.resize(valid.size());
  const uint32_t count = PairForRmix(settings.pairing, valid, &batch, mix->chain, mix->pairing);
  mix->chain.clear();
  DrawShares(settings, shape, share_of_all, &batch, mix);
  address.name = kRmixQuantileStream;
  for (size_t i = 0; i < valid.size(); ++i) {
    mix->quantile[i] = 0;
    if (valid[i] == 0) continue;
    address.unit = static_cast<uint64_t>(ids[i]);
    mix->quantile[i] = static_cast<uint8_t>(
        RandomStream(address).NextBelow(static_cast<uint32_t>(settings.quantiles.size())));
  }
  return head.fires && count >= 2;
}

Status PlanRmix(const BatchShape& shape, const SaliencyMaps2D& maps,
                std::span<const float> quantiles, const uint8_t* quantile, BatchMix* mix,
                std::span<float> lambda, std::span<int32_t> partner, uint32_t* uniform) {
  const auto count = static_cast<uint32_t>(mix->pairing.size());
  if (maps.height < mix->patches || maps.width < mix->patches) {
    return {Code::kInvalidArgument,
            "the saliency grid has fewer cells a side than there are patches"};
  }
  for (uint32_t i = 0; quantile != nullptr && i < count; ++i) {
    if (mix->pairing[i] != static_cast<int32_t>(i) && quantile[i] >= quantiles.size()) {
      return {Code::kInvalidArgument, "a quantile index is not below the number of quantiles"};
    }
  }
  *uniform = 0;
  const size_t cells = size_t{mix->patches} * mix->patches;
  for (uint32_t i = 0; i < count; ++i) {
    if (mix->pairing[i] == static_cast<int32_t>(i)) continue;
    PoolSaliency(maps.data + i * maps.row_stride, maps.height, maps.width, maps.width, mix->patches,
                 mix->order.data());
    if (!IsUsable(mix->order.data(), cells)) {
      std::fill_n(mix->order.data(), cells, 1.0f);
      ++*uniform;
    }
    MakeMask(i, quantiles[quantile != nullptr ? quantile[i] : mix->quantile[i]], mix);
  }
  for (uint32_t i = 0; i < count; ++i) {
    partner[i] = mix->pairing[i];
    const auto other = static_cast<uint32_t>(partner[i]);
    lambda[i] = other == i ? 1.0f : LambdaOf(shape, *mix, i, other);
  }
  FindCycles(partner.first(count), &mix->chain, &mix->chain_begin);
  // A permutation may leave everybody alone.
  mix->kind = mix->chain.empty() ? MixKind::kNone : MixKind::kRmix;
  return {};
}

}  // namespace headrace::loader
