#include "codecs/pack_rules.h"

#include <algorithm>
#include <cmath>

#include "codecs/exif.h"
#include "codecs/jpeg_scan_tables.h"
#include "codecs/jpeg_segments.h"

namespace headrace::codecs {
namespace {

// A marker takes two bytes, the bits before it, and what DC values cost without those before them:
// with so many bytes between two it is about one in a hundred.
constexpr uint64_t kSegmentBytes = 270;
constexpr uint32_t kRestartMcusMin = 4;
constexpr uint32_t kRestartMcusMax = 8;
constexpr uint32_t kRestartBlocksMax = 32;  // of a grey picture, whose MCUs are blocks
// Below this nothing is skipped that would be worth a marker.
constexpr uint64_t kMcusMin = 32;

// Directory entry: a short, one of it, the value.
constexpr size_t kOrientationAt = 28;

void Append(std::span<const std::byte> from, std::vector<std::byte>* to) {
  to->insert(to->end(), from.begin(), from.end());
}

}  // namespace

uint32_t ChooseRestartMcus(const JpegCoefficientImage& image, uint64_t file_bytes) {
  uint32_t across_max = 1;
  uint32_t down_max = 1;
  uint32_t blocks = 0;
  for (uint32_t c = 0; c < image.components; ++c) {
    across_max = std::max(across_max, image.plane[c].across);
    down_max = std::max(down_max, image.plane[c].down);
    blocks += image.plane[c].across * image.plane[c].down;
  }
  if (image.components == 1) {
    across_max = down_max = blocks = 1;
  }
  if (blocks > kJpegMcuBlocksMax) return 0;
  const auto mcus_on = [](uint32_t side_px, uint32_t factor) {
    return (side_px + kJpegBlockPx * factor - 1) / (kJpegBlockPx * factor);
  };
  const uint32_t across = mcus_on(image.size.width, across_max);
  const uint64_t mcus = uint64_t{across} * mcus_on(image.size.height, down_max);
  if (mcus < kMcusMin) return 0;
  const uint32_t most = image.components == 1 ? kRestartBlocksMax : kRestartMcusMax;
  const uint64_t wanted = kSegmentBytes * mcus / std::max<uint64_t>(file_bytes, 1);
  const auto least = static_cast<uint32_t>(std::clamp<uint64_t>(wanted, kRestartMcusMin, most));
  // Where segments end with their row, no row begins in the middle of one.
  for (uint32_t each = least; each <= most; ++each) {
    if (across % each == 0) return each;
  }
  return least;
}

// The arithmetic is Pillow's, in doubles.
SizePx ThumbnailSize(SizePx size, uint32_t max_side_px) {
  if (max_side_px == 0 || std::max(size.width, size.height) <= max_side_px) return size;
  const double side = max_side_px;
  const double aspect = static_cast<double>(size.width) / size.height;
  // Of the two whole numbers around, the one that keeps the aspect better.
  const auto rounded = [](double value, const auto& error) {
    const double below = std::floor(value);
    const double above = std::ceil(value);
    return static_cast<uint32_t>(std::max(error(above) < error(below) ? above : below, 1.0));
  };
  if (aspect <= 1) {
    const auto error = [&](double width) { return std::abs(aspect - width / side); };
    return {rounded(side * aspect, error), max_side_px};
  }
  const auto error = [&](double height) {
    return height == 0 ? 0 : std::abs(aspect - side / height);
  };
  return {max_side_px, rounded(side / aspect, error)};
}

std::vector<std::byte> OrientationSegment(uint8_t orientation) {
  if (orientation <= 1) return {};
  // A TIFF header, and one directory of one entry: tag 274.
  uint8_t exif[] = {0xFF, 0xE1, 0,  34, 'E', 'x', 'i', 'f', 0, 0,  // FF, APP1, length, prefix
                    'I',  'I',  42, 0,  8,   0,   0,   0,   1, 0,  //
                    0x12, 1,    3,  0,  1,   0,   0,   0,   0, 0,  //
                    0,    0,    0,  0,  0,   0};
  static_assert(sizeof(exif) == 2 + 34);
  exif[kOrientationAt] = orientation;
  const auto bytes = std::as_bytes(std::span(exif));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> ProfileSegments(std::span<const std::byte> jpeg) {
  std::vector<std::byte> profile;
  for (JpegSegments walk(jpeg); walk.Next();) {
    if (walk.IsIcc()) Append(walk.segment(), &profile);
  }
  return profile;
}

std::vector<std::byte> WithShortExif(std::span<const std::byte> segments, const Limits& limits) {
  size_t exif_bytes = 0;
  for (JpegSegments walk(segments, JpegSegments::kBare); walk.Next();) {
    if (walk.IsExif()) exif_bytes += walk.segment().size();
  }
  std::vector<std::byte> kept;
  bool is_first = true;
  for (JpegSegments walk(segments, JpegSegments::kBare); walk.Next();) {
    if (!walk.IsExif() || exif_bytes <= kExifKeptBytes) {
      Append(walk.segment(), &kept);
    } else if (is_first) {  // what decoders look at, of several
      Append(OrientationSegment(ExifOrientation(walk.payload(), limits)), &kept);
      is_first = false;
    }
  }
  return kept;
}

}  // namespace headrace::codecs
