#include "loader/mix/batch_mix.h"

#include "base/checked_math.h"

namespace headrace::loader {
namespace {

size_t Square(uint32_t side) { return size_t{side} * side; }
size_t WordsOf(uint32_t patches) { return (Square(patches) + 63) / 64; }

}  // namespace

void BatchMix::Reset() {
  chosen = entry = -1;
  kind = MixKind::kNone;
  label_smoothing = 0.0;
  chain.clear();
  chain_begin.assign(1, 0);
}

void BatchMix::Prepare(const BatchShape& shape, PatchesMax patches_max) {
  const size_t n = shape.batch_size;
  share.resize(n, 1.0f);
  box.resize(n);
  chain.reserve(n);
  chain_begin.reserve(n + 1);
  if (patches_max.masks == 0) return;
  pairing.resize(n);
  quantile.resize(n);
  patch_stride = Square(patches_max.saliency);
  patch_saliency.resize(n * patch_stride);
  mask_words = WordsOf(patches_max.masks);
  masks.resize(n * mask_words);
  order.resize(2 * Square(patches_max.masks));
}

uint64_t BatchMix::Bytes(const BatchShape& shape, PatchesMax patches_max) {
  uint64_t each = sizeof(float) + sizeof(RectPx) + 2 * sizeof(uint32_t);
  uint64_t once = 0;
  if (patches_max.masks > 0) {
    each += sizeof(int32_t) + sizeof(uint8_t) + Square(patches_max.saliency) * sizeof(float) +
            WordsOf(patches_max.masks) * sizeof(uint64_t);
    once = 2 * Square(patches_max.masks) * sizeof(float);
  }
  return SaturatingAdd(SaturatingMul(shape.batch_size, each), once);
}

}  // namespace headrace::loader
