// The chunks of a PNG file, and what its header says. Plain parsing, without libpng: libpng is
// given only the chunks that make pixels, so that text, profiles and other baggage cost nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/limits.h"
#include "base/status.h"

namespace headrace::codecs {

constexpr uint32_t PngTag(char a, char b, char c, char d) {
  return uint32_t{static_cast<uint8_t>(a)} << 24 | uint32_t{static_cast<uint8_t>(b)} << 16 |
         uint32_t{static_cast<uint8_t>(c)} << 8 | uint32_t{static_cast<uint8_t>(d)};
}
inline constexpr uint32_t kPngIhdr = PngTag('I', 'H', 'D', 'R');
inline constexpr uint32_t kPngPlte = PngTag('P', 'L', 'T', 'E');
inline constexpr uint32_t kPngIdat = PngTag('I', 'D', 'A', 'T');
inline constexpr uint32_t kPngIend = PngTag('I', 'E', 'N', 'D');
inline constexpr uint32_t kPngTrns = PngTag('t', 'R', 'N', 'S');
inline constexpr uint32_t kPngExif = PngTag('e', 'X', 'I', 'f');

inline constexpr size_t kPngSignatureBytes = 8;

struct PngChunk {
  uint32_t tag = 0;
  std::span<const std::byte> all;   // length, tag, data, CRC, as far as the file has them
  std::span<const std::byte> data;  // as far as the file has them
  bool whole = false;               // the file has all of the chunk
};

// Walks over the chunks after the signature. A chunk that the file cuts off is the last one.
class PngChunkWalker {
 public:
  explicit PngChunkWalker(std::span<const std::byte> file) : file_(file) {}

  // False at the end of the file.
  bool Next(PngChunk* chunk);

 private:
  std::span<const std::byte> file_;
  size_t offset_ = kPngSignatureBytes;
};

// Whether the CRC of a whole chunk is right.
bool PngCrcHolds(const PngChunk& chunk);

struct PngHeader {
  SizePx size;
  uint8_t bit_depth = 8;
  uint8_t colour_type = 2;  // 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA
  bool interlaced = false;
  bool has_transparency = false;    // a tRNS chunk
  std::span<const std::byte> exif;  // of the eXIf chunk, wherever it stands

  bool has_alpha_channel() const { return (colour_type & 4) != 0; }
  bool has_alpha() const { return has_alpha_channel() || has_transparency; }
};

// Checks the header and that there are picture data; limits before anything else. `file` begins
// with the signature.
Status ReadPngHeader(std::span<const std::byte> file, const Limits& limits, PngHeader* header);

}  // namespace headrace::codecs
