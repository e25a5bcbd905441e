#include "codecs/jpeg_segments.h"

#include <cstring>
#include <string_view>

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

using std::string_view_literals::operator""sv;

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

}  // namespace headrace::codecs
