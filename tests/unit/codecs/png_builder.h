// Writes PNG files of every kind from their samples, by hand: uncompressed deflate, filter 0. An
// oracle that shares no code with libpng.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec_fixture.h"

namespace headrace::codecs {

struct PngSpec {
  uint32_t width = 1;
  uint32_t height = 1;
  uint32_t colour_type = 2;  // 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA
  uint32_t bit_depth = 8;
  bool interlaced = false;
  std::vector<uint8_t> palette;       // RGB
  std::vector<uint8_t> transparency;  // data of tRNS
  std::vector<uint8_t> exif;          // data of eXIf, after the picture
  uint32_t idat_bytes = 0;            // cut the picture data into chunks of so many; 0: one chunk
  uint32_t extra_rows_bytes = 0;      // zeros after the last row, inside the deflate stream
};

uint32_t PngSamplesPerPixel(uint32_t colour_type);

// `samples`: row by row, PngSamplesPerPixel values a pixel, each below 2^bit_depth.
Bytes BuildPng(const PngSpec& spec, const std::vector<uint16_t>& samples);

// One chunk with length and CRC.
Bytes PngChunkBytes(const std::string& tag, const std::vector<uint8_t>& data);

}  // namespace headrace::codecs
