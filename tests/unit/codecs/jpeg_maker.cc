#include "jpeg_maker.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <vector>

#include <jpeglib.h>

namespace headrace::codecs {
namespace {

uint32_t Below(std::mt19937& random, uint32_t bound) {
  return static_cast<uint32_t>(random() % bound);
}

uint8_t Clamped(double value) {
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

// Interleaved samples of the picture that a recipe asks for.
std::vector<uint8_t> Paint(const JpegRecipe& recipe, uint32_t channels) {
  std::mt19937 random(recipe.seed);
  std::vector<uint8_t> pixels(size_t{recipe.width} * recipe.height * channels);
  double waves[3][3];
  for (auto& wave : waves) {
    for (double& part : wave) part = 0.02 + 0.001 * Below(random, 400);
  }
  size_t i = 0;
  for (uint32_t y = 0; y < recipe.height; ++y) {
    for (uint32_t x = 0; x < recipe.width; ++x) {
      const bool edge = (x / 13 + y / 9) % 3 == 0;
      for (uint32_t c = 0; c < channels; ++c, ++i) {
        const double smooth = 128 + 90 * std::sin(x * waves[c][0] + c) * std::cos(y * waves[c][1]) +
                              30 * std::sin((x + y) * waves[c][2]);
        switch (recipe.content) {
          case JpegRecipe::Content::kNoise: pixels[i] = static_cast<uint8_t>(random()); break;
          case JpegRecipe::Content::kSmooth: pixels[i] = Clamped(smooth); break;
          case JpegRecipe::Content::kPhoto:
            pixels[i] = Clamped(smooth + Below(random, 24) + (edge ? 40 : -10));
            break;
        }
      }
    }
  }
  return pixels;
}

}  // namespace

std::string JpegRecipe::Text() const {
  std::ostringstream text;
  text << width << "x" << height << " colour " << static_cast<int>(colour) << " content "
       << static_cast<int>(content) << " quality " << quality << " restart " << restart_interval
       << (optimised ? " optimised" : "") << (progressive ? " progressive" : "")
       << (arithmetic ? " arithmetic" : "");
  for (int c = 0; c < 3; ++c) text << " " << across[c] << "x" << down[c];
  text << " seed " << seed;
  return text.str();
}

Bytes MakeJpeg(const JpegRecipe& recipe) {
  const uint32_t channels = recipe.colour == JpegRecipe::Colour::kGrey ? 1 : 3;
  std::vector<uint8_t> pixels = Paint(recipe, channels);
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);  // a recipe that cannot be made ends the test
  jpeg_create_compress(&jpeg);
  unsigned char* data = nullptr;
  unsigned long bytes = 0;
  jpeg_mem_dest(&jpeg, &data, &bytes);
  jpeg.image_width = recipe.width;
  jpeg.image_height = recipe.height;
  jpeg.input_components = static_cast<int>(channels);
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  if (recipe.colour == JpegRecipe::Colour::kRgb) jpeg_set_colorspace(&jpeg, JCS_RGB);
  jpeg_set_quality(&jpeg, recipe.quality, TRUE);
  if (recipe.progressive) jpeg_simple_progression(&jpeg);
  jpeg.arith_code = recipe.arithmetic ? TRUE : FALSE;
  jpeg.optimize_coding = recipe.optimised ? TRUE : FALSE;
  jpeg.restart_interval = static_cast<unsigned>(recipe.restart_interval);
  for (uint32_t c = 0; c < channels; ++c) {
    jpeg.comp_info[c].h_samp_factor = recipe.across[c];
    jpeg.comp_info[c].v_samp_factor = recipe.down[c];
  }
  jpeg_start_compress(&jpeg, TRUE);
  for (uint32_t y = 0; y < recipe.height; ++y) {
    JSAMPROW row = pixels.data() + size_t{y} * recipe.width * channels;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  const auto* first = reinterpret_cast<const std::byte*>(data);
  Bytes file(first, first + bytes);
  std::free(data);
  return file;
}

Bytes WithOrientation(const Bytes& jpeg, uint8_t orientation) {
  // APP1: length, "Exif", then a little-endian TIFF directory of one entry, tag 274.
  const unsigned char segment[] = {
      0xFF, 0xE1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'I',         'I', 42, 0, 8, 0, 0, 0,
      1,    0,    0x12, 0x01, 3,   0,   1,   0,   0, 0, orientation, 0,   0,  0, 0, 0, 0, 0};
  static_assert(sizeof(segment) == 36);
  const auto* first = reinterpret_cast<const std::byte*>(segment);
  Bytes file = jpeg;
  file.insert(file.begin() + 2, first, first + sizeof(segment));
  return file;
}

JpegRecipe RandomJpegRecipe(std::mt19937& random, uint32_t side_max) {
  JpegRecipe recipe;
  recipe.width = 1 + Below(random, side_max);
  recipe.height = 1 + Below(random, side_max);
  recipe.colour = static_cast<JpegRecipe::Colour>(Below(random, 8) < 6 ? 1 : 2 * Below(random, 2));
  recipe.content = static_cast<JpegRecipe::Content>(Below(random, 3));
  recipe.quality = 1 + static_cast<int>(Below(random, 100));
  recipe.restart_interval = Below(random, 2) == 0 ? 0 : static_cast<int>(Below(random, 10));
  recipe.optimised = Below(random, 2) == 0;
  recipe.seed = static_cast<uint32_t>(random());
  int blocks = 0;
  do {
    recipe.across[0] = 1 + static_cast<int>(Below(random, 2));
    recipe.down[0] = 1 + static_cast<int>(Below(random, 2));
    blocks = recipe.across[0] * recipe.down[0];
    for (int c = 1; c < 3; ++c) {
      recipe.across[c] = 1 + static_cast<int>(Below(random, 4) == 0 ? recipe.across[0] - 1 : 0);
      recipe.down[c] = 1 + static_cast<int>(Below(random, 4) == 0 ? recipe.down[0] - 1 : 0);
      blocks += recipe.across[c] * recipe.down[c];
    }
  } while (blocks > 10);
  return recipe;
}

RectPx RandomRegion(std::mt19937& random, SizePx size) {
  RectPx region;
  region.x = Below(random, size.width);
  region.y = Below(random, size.height);
  region.width = 1 + Below(random, size.width - region.x);
  region.height = 1 + Below(random, size.height - region.y);
  switch (Below(random, 6)) {
    case 0: region.width = 1; break;
    case 1: region.height = 1; break;
    case 2: region.width = size.width - region.x; break;
    case 3: region.height = size.height - region.y; break;
    default: break;
  }
  return region;
}

}  // namespace headrace::codecs
