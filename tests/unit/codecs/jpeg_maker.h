// JPEG files of every kind that libjpeg-turbo can write, made from noise or smooth pictures.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "codec_fixture.h"

namespace headrace::codecs {

struct JpegRecipe {
  enum class Colour { kGrey, kYcc, kRgb };
  enum class Content { kNoise, kSmooth, kPhoto };  // kPhoto: smooth with some noise and edges
  uint32_t width = 16;
  uint32_t height = 16;
  Colour colour = Colour::kYcc;
  Content content = Content::kPhoto;
  int quality = 90;
  int restart_interval = 0;  // in MCUs
  bool optimised = false;    // Huffman tables
  bool progressive = false;
  bool arithmetic = false;
  int across[3] = {1, 1, 1};  // sampling factors
  int down[3] = {1, 1, 1};
  uint32_t seed = 1;

  std::string Text() const;
};

Bytes MakeJpeg(const JpegRecipe& recipe);

// The file with an EXIF block that says so.
Bytes WithOrientation(const Bytes& jpeg, uint8_t orientation);

// Any size up to `side_max`, any factors of 1 and 2 with ten blocks an MCU at most, the first
// component's being the largest; any quality and restart interval up to 9.
JpegRecipe RandomJpegRecipe(std::mt19937& random, uint32_t side_max);

// Mostly any rectangle inside `size`; sometimes a pixel, a row, a column or an edge, where the
// mistakes are.
RectPx RandomRegion(std::mt19937& random, SizePx size);

}  // namespace headrace::codecs
