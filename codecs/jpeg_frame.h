// What our own decoder needs to know of a JPEG: the frame, its tables and where the entropy-coded
// data begin. libjpeg-turbo has read and checked the header before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"

namespace headrace::codecs {

inline constexpr uint32_t kJpegBlockPx = 8;
inline constexpr uint32_t kJpegCoefficients = 64;
inline constexpr uint32_t kJpegComponentsMax = 3;

enum class JpegColour : uint8_t { kGrey, kYcc, kRgb };

// A Huffman table as a DHT segment has it.
struct JpegHuffmanSpec {
  uint8_t counts[17];  // [l]: codes of l bits; [0] is not used
  uint8_t symbols[256];
  friend bool operator==(const JpegHuffmanSpec&, const JpegHuffmanSpec&) = default;
};

struct JpegComponent {
  uint8_t across = 1;  // sampling factors, 1 or 2
  uint8_t down = 1;
  uint8_t dc_table = 0;  // numbers of tables, 0 to 3
  uint8_t ac_table = 0;
  SizePx size;                             // in samples, without the padding to whole blocks
  uint16_t quantisers[kJpegCoefficients];  // row-major order
};

struct JpegFrame {
  // The picture is grey or YCbCr, with factors 1 and 2 of which the first component has the
  // largest: its planes can be resized as they are.
  bool planar = false;
  // Our own decoder can try it: one sequential Huffman-coded scan, 8 bits a sample, grey, YCbCr or
  // RGB, with such factors, all tables there. Else the tables and data_offset are not filled.
  bool ours = false;

  SizePx size;
  JpegColour colour = JpegColour::kGrey;
  uint32_t components = 0;  // 1 or 3
  JpegComponent component[kJpegComponentsMax];
  uint32_t across_max = 1;
  uint32_t down_max = 1;
  uint32_t restart_interval = 0;  // in MCUs; 0: none
  JpegHuffmanSpec dc[4];          // those that components name are filled
  JpegHuffmanSpec ac[4];
  std::span<const uint8_t> file;
  size_t data_offset = 0;  // of the first entropy-coded byte in `file`

  // A scan of one component has one block an MCU, whatever its factors.
  uint32_t BlocksAcross(uint32_t c) const { return components == 1 ? 1 : component[c].across; }
  uint32_t BlocksDown(uint32_t c) const { return components == 1 ? 1 : component[c].down; }
  // Of plane 0's largest sibling, that is of the picture.
  uint32_t mcu_width_px() const { return kJpegBlockPx * (components == 1 ? 1 : across_max); }
  uint32_t mcu_height_px() const { return kJpegBlockPx * (components == 1 ? 1 : down_max); }
  uint32_t mcus_across() const { return (size.width + mcu_width_px() - 1) / mcu_width_px(); }
  uint32_t mcus_down() const { return (size.height + mcu_height_px() - 1) / mcu_height_px(); }
  // Rows of MCUs that libjpeg-turbo reads at a time.
  uint32_t mcu_rows_at_once() const { return components == 1 ? component[0].down : 1; }
};

}  // namespace headrace::codecs
