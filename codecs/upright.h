// Turning a decoded rectangle of the stored picture upright, and the scratch that this takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"

namespace headrace::codecs {

// Buffers inside a decoder's scratch start at multiples of this.
inline constexpr uint64_t kScratchAlign = 64;

// Bytes for the upright copy of a region; 0 when the picture is stored upright.
uint64_t UprightBytes(SizePx size, uint32_t channels, uint8_t orientation);

// `decoded`, oriented into `target` (UprightBytes), or itself when it is upright already.
ConstImageView MakeUpright(const ConstImageView& decoded, uint8_t orientation,
                           std::span<std::byte> target);

}  // namespace headrace::codecs
