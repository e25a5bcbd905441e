// What is known of a batch that is mixed: the geometry of its buffer, and what was drawn for it.
//
// Plain data, kept with the batch buffer and used again for the next batch that lies there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/image_view.h"
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
  bool label_rows = false;  // the data set has a row of numbers a sample (Dataset::FillLabelRow)
  bool keep_u8 = false;     // the pixels are kept as u8 too, planar, before any mixing
  // Patches a side of an R-Mix that the consumer may ask for (hr_batch_rmix); 0: none.
  uint32_t consumer_patches_max = 0;

  size_t sample_elements() const { return size_t{channels} * height * width; }
  // Planar u8 images are their own pixels.
  bool keeps_pixels_apart() const {
    return keep_u8 && (dtype != simd::Dtype::kU8 || layout != simd::Layout::kNchw);
  }
  size_t sample_bytes() const { return sample_elements() * simd::DtypeBytes(dtype); }
};

// What becomes of the pixels of the samples in `chain`.
enum class MixKind : uint8_t { kNone, kMixup, kCutMix, kRmix };

// What was drawn for one batch. The vectors are sized once, to the batch (BatchMix::Prepare), but
// for chain and chain_begin, which have room for it.
struct BatchMix {
  int32_t chosen = -1;  // index in [[mix]] of the entry that the batch fell on, -1: there is none
  int32_t entry = -1;   // the same if it does something to the batch, -1: its p said no
  MixKind kind = MixKind::kNone;
  double label_smoothing = 0.0;  // of the chosen entry, also when its p said no

  // Of each sample. Mixup: its own weight in the sum, 1 for one that stays as it is; R-Mix: the
  // same, where both masks say the same.
  std::vector<float> share;
  // CutMix: what is taken from the partner, in output pixels; empty for one that stays as it is.
  std::vector<RectPx> box;
  // Cycles of the partner map over the samples that take part, laid end to end, so that mixing in
  // place never reads a pixel that was already mixed: each sample is followed by its partner, the
  // last one's is the first. chain_begin has one entry more than there are cycles.
  std::vector<uint32_t> chain;
  std::vector<uint32_t> chain_begin;

  // R-Mix only.
  uint32_t patches = 0;           // a side
  std::vector<int32_t> pairing;   // who meets whom; partner[] of the batch once there are masks
  std::vector<uint8_t> quantile;  // index in the entry's quantiles, of each sample
  // Saliency of the patches, patch_stride numbers a sample: written by the workers as the samples
  // come in (KeepSaliency), each its own row.
  std::vector<float> patch_saliency;
  size_t patch_stride = 0;
  // A bit a patch, in raster order from bit 0 on, mask_words words a sample: it is salient.
  std::vector<uint64_t> masks;
  size_t mask_words = 0;
  std::vector<float> order;  // to sort the saliency of one sample in

  // As if nothing had been drawn: nothing of the last batch in this buffer stays.
  void Reset();
  // Takes the memory: `saliency` of an R-Mix with this many patches a side at most that the
  // workers estimate, `masks` of any R-Mix; 0: there is none.
  struct PatchesMax {
    uint32_t saliency = 0;
    uint32_t masks = 0;
  };
  void Prepare(const BatchShape& shape, PatchesMax patches_max);
  // What Prepare takes.
  static uint64_t Bytes(const BatchShape& shape, PatchesMax patches_max);

  bool IsSalient(uint32_t sample, uint32_t patch) const {
    return (masks[sample * mask_words + patch / 64] >> patch % 64 & 1) != 0;
  }
};

}  // namespace headrace::loader
