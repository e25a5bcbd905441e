// The orientation tag of an EXIF block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/limits.h"

namespace headrace::codecs {

// Tag 274 of IFD0, 1..8; 1 when it is absent, has another value, or the block is damaged: a broken
// EXIF block never spoils a picture. `block` is a TIFF header and its directories, with or without
// "Exif\0\0" before it. Never reads past `block`, nor past limits.exif_bytes_max of it, nor more
// than limits.exif_entries_max entries. Of several such tags the last holds, as in Pillow.
uint8_t ExifOrientation(std::span<const std::byte> block, const Limits& limits);

}  // namespace headrace::codecs
