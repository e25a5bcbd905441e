#include "codecs/jpeg_segments.h"

#include <cstring>
#include <string_view>

#include "codecs/exif.h"

namespace headrace::codecs {
namespace {

constexpr std::byte kMark{0xFF};
constexpr uint8_t kTem = 0x01;  // markers without a length: this, and RST0 to SOI
constexpr uint8_t kFirstBare = 0xD0;
constexpr uint8_t kLastBare = 0xD8;
constexpr uint8_t kEndOfImage = 0xD9;
constexpr uint8_t kStartOfScan = 0xDA;
constexpr uint8_t kApp0 = 0xE0;

bool BeginsWith(std::span<const std::byte> payload, std::string_view text, size_t bytes_min) {
  return payload.size() >= bytes_min && std::memcmp(payload.data(), text.data(), text.size()) == 0;
}

using namespace std::literals;

}  // namespace

JpegSegments::JpegSegments(std::span<const std::byte> bytes, Kind kind)
    : bytes_(bytes), at_(kind == kFile ? 2 : 0) {}

bool JpegSegments::Next() {
  while (at_ + 2 <= bytes_.size() && bytes_[at_] == kMark) {
    const auto marker = std::to_integer<uint8_t>(bytes_[at_ + 1]);
    if (marker == 0xFF) {  // a fill byte
      ++at_;
      continue;
    }
    if (marker == kTem || (marker >= kFirstBare && marker <= kLastBare)) {
      at_ += 2;
      continue;
    }
    if (marker == 0 || marker == kStartOfScan || marker == kEndOfImage) return false;
    if (bytes_.size() - at_ < 4) return false;
    const size_t length =
        std::to_integer<size_t>(bytes_[at_ + 2]) << 8 | std::to_integer<size_t>(bytes_[at_ + 3]);
    if (length < 2 || length + 2 > bytes_.size() - at_) return false;
    segment_ = bytes_.subspan(at_, length + 2);
    at_ += length + 2;
    return true;
  }
  return false;
}

// The sizes are those from which on libjpeg-turbo looks at them.
bool JpegSegments::IsJfif() const {
  return marker() == kApp0 && BeginsWith(payload(), "JFIF\0"sv, 14);
}
bool JpegSegments::IsExif() const {
  return marker() == kApp0 + 1 && BeginsWith(payload(), "Exif\0"sv, 6);
}
bool JpegSegments::IsIcc() const {
  return marker() == kApp0 + 2 && BeginsWith(payload(), "ICC_PROFILE\0"sv, 14);
}
bool JpegSegments::IsAdobe() const {
  return marker() == kApp0 + 14 && BeginsWith(payload(), "Adobe"sv, 12);
}

JpegColour ColourBySegments(std::span<const std::byte> segments, JpegColour by_ids) {
  JpegColour colour = by_ids;
  for (JpegSegments walk(segments, JpegSegments::kBare); walk.Next();) {
    if (walk.IsJfif()) return JpegColour::kYcc;
    // 0: no transform; 1: YCbCr, and so are the values that do not exist.
    if (walk.IsAdobe()) {
      colour = walk.payload()[11] == std::byte{0} ? JpegColour::kRgb : JpegColour::kYcc;
    }
  }
  return colour;
}

std::vector<std::byte> WithShortExif(std::span<const std::byte> segments, const Limits& limits) {
  size_t exif_bytes = 0;
  for (JpegSegments walk(segments, JpegSegments::kBare); walk.Next();) {
    if (walk.IsExif()) exif_bytes += walk.segment().size();
  }
  std::vector<std::byte> kept;
  bool is_first = true;
  for (JpegSegments walk(segments, JpegSegments::kBare); walk.Next();) {
    std::span<const std::byte> segment = walk.segment();
    // A TIFF header, and one directory of one entry: tag 274, a short, one of it.
    uint8_t exif[] = {0xFF, 0xE1, 0,  34, 'E', 'x', 'i', 'f', 0, 0,  // FF, APP1, length, prefix
                      'I',  'I',  42, 0,  8,   0,   0,   0,   1, 0,  //
                      0x12, 1,    3,  0,  1,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0};
    static_assert(sizeof(exif) == 2 + 34);
    if (walk.IsExif() && exif_bytes > kExifKeptBytes) {
      // Of several blocks the first is what decoders look at.
      const uint8_t orientation = ExifOrientation(walk.payload(), limits);
      const bool says_something = is_first && orientation != 1;
      is_first = false;
      if (!says_something) continue;
      exif[28] = orientation;
      segment = std::as_bytes(std::span(exif));
    }
    kept.insert(kept.end(), segment.begin(), segment.end());
  }
  return kept;
}

}  // namespace headrace::codecs
