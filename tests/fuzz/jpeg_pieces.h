// A JPEG taken apart into its segments, for mutators: any bytes can be parsed, and what is parsed
// and written again is nearly the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace headrace::fuzz {

using ByteVector = std::vector<uint8_t>;

enum JpegMarker : uint8_t {
  kSof0 = 0xC0,
  kSof1 = 0xC1,
  kSof2 = 0xC2,
  kDht = 0xC4,
  kRst0 = 0xD0,
  kSoi = 0xD8,
  kEoi = 0xD9,
  kSos = 0xDA,
  kDqt = 0xDB,
  kDri = 0xDD,
  kApp0 = 0xE0,
  kApp1 = 0xE1,
  kApp14 = 0xEE,
  kCom = 0xFE,
};

struct JpegPiece {
  uint8_t marker = 0;  // 0: none, only `data`
  uint8_t fill = 0;    // bytes of 0xFF before the marker that it does not need
  ByteVector payload;  // without the length
  ByteVector data;     // what follows up to the next piece: entropy-coded data, garbage

  bool IsFrame() const {
    return marker >= kSof0 && marker <= 0xCF && marker != kDht && marker != 0xC8 && marker != 0xCC;
  }
  bool HasLength() const {
    return marker != 0 && marker != 1 && !(marker >= kRst0 && marker <= kEoi);
  }
};

using JpegPieces = std::vector<JpegPiece>;

JpegPieces ParseJpeg(std::span<const uint8_t> file);
ByteVector WriteJpeg(const JpegPieces& pieces);

// The first frame header, or null.
JpegPiece* FindFrame(JpegPieces& pieces);
// The number of the first piece with this marker; pieces.size() if there is none.
size_t FindMarker(const JpegPieces& pieces, uint8_t marker);

}  // namespace headrace::fuzz
