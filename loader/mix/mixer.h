// Mixer: the [[mix]] list made ready to run on finished batches (Mixup, CutMix, R-Mix).
//
// What: draws a batch's mix from the batch's own streams, then mixes images in place, band by band
// so that several workers can share one batch, and makes the soft labels. Owner: the loader.
// Thread: any; const. Cost: no allocation after Prepare; no second batch buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/mix/batch_mix.h"
#include "loader/mix/rmix.h"

namespace headrace::loader {

class Mixer {
 public:
  // Errors: shapes that an entry cannot take, values that it does not allow.
  [[nodiscard]] static bool Make(std::span<const MixConfig> entries, const BatchShape& shape,
                                 std::unique_ptr<Mixer>* mixer, ConfigError* error);

  bool empty() const { return entries_.empty(); }
  // Takes all memory that a batch needs, and how much it is.
  void Prepare(BatchMix* mix) const { mix->Prepare(shape_, patches_max_); }
  uint64_t BatchBytes() const { return BatchMix::Bytes(shape_, patches_max_); }

  // What the worker of a sample does for a batch that is not complete yet: nothing (null), or it
  // estimates the saliency of the sample as this entry says, and keeps it. Pure.
  const MixConfig* WantsSaliency(uint64_t seed, uint32_t epoch, uint64_t global_batch,
                                 uint32_t* patches) const;
  // Whether there is a batch that asks for it, of any entry like `saliency`.
  bool EverWants(RmixSaliency saliency) const;
  // Whether there is a batch whose workers estimate something.
  bool EverWantsSaliency() const { return patches_max_.saliency > 0; }
  // Keeps a sample's map, kSaliencySide x kSaliencySide. Any thread, for different rows at once.
  void KeepSaliency(BatchMix* mix, uint32_t row, uint32_t patches, const float* map) const;

  // Draws for batch `global_batch` (over all ranks) of `epoch`. Samples with valid == 0 never take
  // part; a sample whose partner is one takes the next valid one. Fewer than two that can: unmixed.
  // Fills *mix, lambda[i] (the share of sample i itself) and partner[i] for i < valid.size().
  // `ids` are the samples', as far as they are valid.
  void Draw(uint64_t seed, uint32_t epoch, uint64_t global_batch, std::span<const int64_t> ids,
            std::span<const uint8_t> valid, BatchMix* mix, std::span<float> lambda,
            std::span<int32_t> partner) const;

  // Whether the batch goes to the consumer unmixed, as Draw leaves it, because what is to be done
  // needs the user's functions: ace, and rmix with saliency "model" or "callback". For rmix
  // PlanRmix, ApplyBand and MakeSoftLabels are then the consumer's, one after the other.
  bool WaitsForConsumer(const BatchMix& mix) const;
  // The entry that the batch fell on, whether it does something or not. There is one unless the
  // list is empty.
  const MixConfig& EntryOf(const BatchMix& mix) const;

  // R-Mix with maps that came late: makes the masks of a batch whose entry is rmix, lambda and
  // partner. Row i of the maps lies at maps + i * row_stride. `quantile`: the caller's choice for
  // each sample, or null for what was drawn. On error nothing is changed.
  Status PlanRmix(BatchMix* mix, const float* maps, uint32_t grid_height, uint32_t grid_width,
                  size_t row_stride, const uint8_t* quantile, std::span<float> lambda,
                  std::span<int32_t> partner) const;

  // Mixes band `band` of `band_count` of the `rows` images a view, in place; every view alike.
  // Bands are disjoint, so they may run at the same time; together they make the batch. No-op when
  // nothing is to be mixed. `scratch` has BandScratchBytes() and is 64-byte aligned.
  size_t BandScratchBytes() const;
  void ApplyBand(const BatchMix& mix, void* images, uint32_t rows, uint32_t band,
                 uint32_t band_count, std::span<std::byte> scratch) const;

  // See MakeMixedLabels; of label rows, which are in `soft` already, see MixLabelRows.
  void MakeSoftLabels(const BatchMix& mix, std::span<const int64_t> labels,
                      std::span<const float> lambda, std::span<const int32_t> partner,
                      float* soft) const;

 private:
  // An entry with what is looked up of it for each batch.
  struct Entry {
    MixConfig config;
    uint32_t occurrence = 0;  // among the entries of its op
    std::vector<float> quantiles;

    RmixSettings Rmix() const;
  };

  Mixer() = default;
  // The entry that the batch falls on.
  size_t Choose(const StreamAddress& batch) const;
  void DrawMixupOrCutMix(const Entry& entry, StreamAddress address, std::span<const int64_t> ids,
                         std::span<const uint8_t> valid, BatchMix* mix, std::span<float> lambda,
                         std::span<int32_t> partner) const;

  std::vector<Entry> entries_;
  BatchShape shape_;
  BatchMix::PatchesMax patches_max_;
};

// "[[mix]] rmix (line 7)", for messages.
std::string NameOf(const MixConfig& entry);

// soft[i, :] = lambda[i] * onehot(labels[i]) + (1 - lambda[i]) * onehot(labels[partner[i]]), with
// the smoothing of the entry that was chosen for the batch, whether it fired or not. Label -1
// adds nothing: alone, or with another one, it gives a row of zeros.
void MakeMixedLabels(const BatchMix& mix, uint32_t classes, std::span<const int64_t> labels,
                     std::span<const float> lambda, std::span<const int32_t> partner, float* soft);

// soft[i, :] = lambda[i] * soft[i, :] + (1 - lambda[i]) * soft[partner of i, :], in place, for a
// batch whose samples bring rows of `columns` numbers. Nothing is smoothed: it is refused at open.
void MixLabelRows(const BatchMix& mix, uint32_t columns, std::span<const float> lambda,
                  float* soft);

}  // namespace headrace::loader
