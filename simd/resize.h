// Separable antialiased resize of u8 pixels, bit-equal to Pillow's Image.resize (specs: fixed point
// with 22 fraction bits, horizontal pass first, a u8 image between the passes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/status.h"

namespace headrace::simd {

enum class Filter : uint8_t {
  kBox,
  kBilinear,
  kHamming,
  kBicubic,
  kLanczos,
  // No filters: one pixel is copied (resize_nearest.h). Not for planes, and not for 4 channels.
  kNearest,
  kNearestLegacy,
};
constexpr bool IsNearest(Filter filter) { return filter >= Filter::kNearest; }

enum class Mirror : bool { kNo, kYes };

// Bytes of scratch that Resize may need for this job at most: both weight tables and the u8 image
// between the passes, aligned. Saturates instead of overflowing.
uint64_t ResizeScratchBytes(SizePx source, SizePx target, uint32_t channels, Filter filter);

// source -> target; channels 1, 3 or 4, equal in both. `scratch` has at least ResizeScratchBytes
// and is 64-byte aligned. With Mirror::kYes the source is read from right to left: the result
// equals flipping the source horizontally and then resizing it, bit for bit. An axis that keeps its
// size is not filtered; if both do, it is a (mirrored) copy. Source and target do not overlap;
// sizes >= 1.
void Resize(const ConstImageView& source, const ImageView& target, Filter filter, Mirror mirror,
            std::span<std::byte> scratch);

}  // namespace headrace::simd
