// What a pack decides about a picture: where restart markers stand, how large a smaller picture is,
// which segments a new JPEG keeps of the old file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/image_view.h"
#include "base/limits.h"
#include "codecs/jpeg_coefficients.h"

namespace headrace::codecs {

// A packed JPEG may have this part of the bytes of its file, in percent.
inline constexpr uint64_t kPackedPercentMax = 101;

// MCUs from one restart marker to the next; 0: none, the picture is too small for them to pay, or
// has no scan that is interleaved. `file_bytes`: of the picture as a JPEG.
uint32_t ChooseRestartMcus(const JpegCoefficientImage& image, uint64_t file_bytes);

// The size that Pillow's Image.thumbnail gives a picture within `max_side_px` (0: any).
SizePx ThumbnailSize(SizePx size, uint32_t max_side_px);

// EXIF that says `orientation` and nothing else; empty for 1.
std::vector<std::byte> OrientationSegment(uint8_t orientation);

// The colour profile of a JPEG, as its segments.
std::vector<std::byte> ProfileSegments(std::span<const std::byte> jpeg);

// `segments` (end to end) with EXIF of more than kExifKeptBytes reduced to the orientation: the
// rest is a thumbnail, mostly, and no part of the picture.
inline constexpr size_t kExifKeptBytes = 1024;
std::vector<std::byte> WithShortExif(std::span<const std::byte> segments, const Limits& limits);

}  // namespace headrace::codecs
