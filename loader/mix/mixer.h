// Mixer: the [[mix]] list made ready to run on finished batches (Mixup, CutMix).
//
// What: draws a batch's mix from the batch's own streams, then mixes images in place, band by band
// so that several workers can share one batch, and makes the soft labels. Owner: the loader.
// Thread: any; const. Cost: no allocation after Prepare; no second batch buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "loader/config.h"
#include "loader/config_toml.h"
#include "simd/convert.h"

namespace headrace::loader {

// The geometry of a batch buffer, the same for all batches.
struct BatchShape {
  uint32_t batch_size = 0;
  uint32_t views = 1;  // batches lie view by view: [V, B, ...]
  uint32_t channels = 0;
  uint32_t height = 0;
  uint32_t width = 0;
  simd::Dtype dtype = simd::Dtype::kF32;
  simd::Layout layout = simd::Layout::kNchw;
  uint32_t classes = 0;
  bool keep_u8 = false;  // the pixels are kept as u8 too, planar, before any mixing

  size_t sample_elements() const { return size_t{channels} * height * width; }
  size_t sample_bytes() const { return sample_elements() * simd::DtypeBytes(dtype); }
};

// What was drawn for one batch. Kept with the batch buffer and reused.
struct BatchMix {
  int32_t entry = -1;  // index in [[mix]], -1: this batch is not mixed
  bool cutmix = false;
  uint32_t box_x0 = 0, box_y0 = 0, box_x1 = 0, box_y1 = 0;  // CutMix: half-open, in output pixels
  float lam = 1.0f;                                         // after correction to the real area
  double label_smoothing = 0.0;  // of the chosen entry, also when its p said no
  // Cycles of the partner map over the samples that take part, laid end to end, so that mixing in
  // place never reads a pixel that was already mixed. chain_begin has one entry more than cycles.
  std::vector<uint32_t> chain;
  std::vector<uint32_t> chain_begin;
};

class Mixer {
 public:
  // Errors: modes, partners and ops that are not in this version; shapes that a mode cannot take.
  [[nodiscard]] static bool Make(std::span<const MixConfig> entries, const BatchShape& shape,
                                 std::unique_ptr<Mixer>* mixer, ConfigError* error);

  bool empty() const { return entries_.empty(); }
  // Takes all memory that Draw needs.
  void Prepare(BatchMix* mix) const;

  // Draws for batch `global_batch` (over all ranks) of `epoch`. Samples with valid == 0 never take
  // part; a sample whose partner is one takes the next valid one. Fewer than two that can: unmixed.
  // Fills *mix, lambda[i] (the share of sample i itself) and partner[i] for i < valid.size().
  void Draw(uint64_t seed, uint32_t epoch, uint64_t global_batch, std::span<const uint8_t> valid,
            BatchMix* mix, std::span<float> lambda, std::span<int32_t> partner) const;

  // Mixes band `band` of `band_count` of the `rows` images a view, in place; every view alike.
  // Bands are disjoint, so they may run at the same time; together they make the batch. No-op when
  // mix.entry < 0. `scratch` has BandScratchBytes() and is 64-byte aligned.
  size_t BandScratchBytes() const;
  void ApplyBand(const BatchMix& mix, void* images, uint32_t rows, uint32_t band,
                 uint32_t band_count, std::span<std::byte> scratch) const;

  // soft[i, :] = lambda[i] * onehot(labels[i]) + (1 - lambda[i]) * onehot(labels[partner[i]]), with
  // the smoothing of the entry that was chosen for the batch, whether it fired or not. Label -1
  // gives a row of zeros.
  void MakeSoftLabels(const BatchMix& mix, std::span<const int64_t> labels,
                      std::span<const float> lambda, std::span<const int32_t> partner,
                      float* soft) const;

 private:
  // Elements of a sample to mix: in each plane `run_count` runs, `run_step` elements apart.
  struct Runs {
    size_t plane_elements = 0;
    size_t plane_count = 0;
    size_t offset = 0;  // of the first run in its plane
    size_t run_step = 0;
    size_t run_count = 0;
    size_t run_elements = 0;
  };

  Mixer() = default;
  void ApplyRuns(const BatchMix& mix, const Runs& runs, std::byte* images, std::byte* saved) const;

  std::vector<MixConfig> entries_;
  BatchShape shape_;
};

}  // namespace headrace::loader
