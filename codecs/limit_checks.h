// The checks that every decoder makes before it takes memory. Each text names the key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/limits.h"
#include "base/status.h"

namespace headrace::codecs {

// kEmptyFile, or kLimitBytes beyond max_encoded_bytes.
Status CheckEncodedBytes(std::span<const std::byte> file, const Limits& limits);

// kCorrupt for an empty side, kLimitPixels beyond max_side or max_pixels. 64-bit sides, so that a
// header field can be passed as it stands in the file.
Status CheckSize(uint64_t width, uint64_t height, const Limits& limits);

// `region` must be a rectangle of at least one pixel inside `upright` (kInvalidArgument), and its
// scratch of `needed_bytes` at most max_decoded_bytes (kLimitBytes) and at most what there is.
Status CheckRegion(const RectPx& region, SizePx upright, uint64_t needed_bytes,
                   uint64_t scratch_bytes, const Limits& limits);

}  // namespace headrace::codecs
