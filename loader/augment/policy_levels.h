// What a magnitude amounts to: from op, bin or level and picture size to the number that the
// primitive op takes.
//
// torchvision has bins: entry `bin` of `bins` values in a straight line. timm, TensorFlow and the
// reference of AugMix have levels, by custom 0 to 10. The arithmetic and its order are those of
// each of them, to the last bit (docs/ops.md has the formulas). Pure functions: any thread, no
// allocation.
#pragma once

#include <cstdint>

#include "base/image_view.h"
#include "loader/policy.h"

namespace headrace::loader {

enum class LevelMap : uint8_t {
  kTorchvision,        // AutoAugment and RandAugment
  kTorchvisionWide,    // TrivialAugmentWide
  kTorchvisionAugMix,  // sides / 3, and posterize down to no bits
  kTimm,               // strength of some ops falls with the level
  kTimmOriginal,       // as kTimm, posterize between 4 and 8 bits
  kTimmIncreasing,     // "inc1": strength of every op rises with the level
  kTimmAugMix,         // as kTimmIncreasing, translations of 0.3 sides
  kTf,                 // AutoAugment of the TPU models
  kTfRand,             // and their RandAugment
  kAugMix,             // the reference of AugMix
};

// Whether levels of the map are bins.
constexpr bool HasBins(LevelMap map) {
  return map == LevelMap::kTorchvision || map == LevelMap::kTorchvisionWide ||
         map == LevelMap::kTorchvisionAugMix;
}

// Whether a magnitude of the op may be turned to the other side.
bool IsSigned(LevelMap map, PolicyOp op);

struct PolicyLevel {
  double magnitude = 0;  // bin or level
  int bins = 0;          // of maps that have bins: at least 2
};
enum class Sign : uint8_t { kPlus, kMinus };

// The op's number. `sign` counts only where IsSigned.
//   shear_x, shear_y          the matrix entry
//   translate_x, translate_y  pixels to the right, down; whole where the map cuts them to whole
//   ones rotate                    degrees, counter-clockwise brightness, color, contrast,
//   sharpness   the factor; never below 0 posterize                 bits kept, 0 to 8 solarize
//   threshold, 0 to 256 solarize_add              what is added, 0 to 128 (threshold 128) cutout
//   side in pixels, even where the map gives half sides all others                0
double PolicyAmount(LevelMap map, PolicyOp op, const PolicyLevel& level, Sign sign, SizePx size);

// Entry `index` of `count` >= 2 floats in a straight line from `first` to `last`: the bits of
// torch.linspace on x86 CPUs with AVX2, which torch takes by default. (Elsewhere the last bit of
// its values differs, and with it a pixel of some translations.)
float LinspaceEntry(float first, float last, int count, int index);

}  // namespace headrace::loader
