// From colour planes to RGB: JFIF's conversion in libjpeg-turbo's fixed point (16 fraction bits),
// bit-equal to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "simd/convert.h"
#include "simd/planes.h"

namespace headrace::simd {

// How the three planes become RGB.
enum class PlaneColour : uint8_t {
  kYcc,  // Y, Cb, Cr
  kRgb,  // they are R, G, B: a copy
};

// Exact: what libjpeg-turbo gives for the same planes with "fancy" upsampling. The rectangle of
// plane 0 that `source` shows is [left, left + width) x [top, top + height), whole numbers, the
// size of `rgb` (3 channels). `smooth[i]` false: plane i is doubled by repetition, as libjpeg-turbo
// does for components of at most 2 columns when they are halved across. (Down only: always smooth.)
// `scratch` is 64-byte aligned and has UpsampleScratchBytes of rgb.width.
struct UpsampleJob {
  PlanarPicture source;
  PlaneColour colour = PlaneColour::kYcc;
  bool smooth[3] = {true, true, true};
};
uint64_t UpsampleScratchBytes(uint32_t width);
void UpsampleToRgb(const UpsampleJob& job, const ImageView& rgb, std::span<std::byte> scratch);

// Planes of one size (1: grey, 3: Y, Cb, Cr; one channel each) to interleaved RGB.
void PlanesToRgb(std::span<const ConstImageView> planes, const ImageView& rgb);

// The same in one pass with Convert: equals PlanesToRgb, then Convert. table.channels == 3.
void ConvertPlanes(std::span<const ConstImageView> planes, FlipColumns flip,
                   const ConvertTable& table, void* out);

}  // namespace headrace::simd
