// Small data sets of real PNG and JPEG files, made through the C API.
#pragma once

#include <gtest/gtest.h>
#include <headrace.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace headrace::testing {

// A picture that differs in every pixel and by `seed`.
inline std::vector<uint8_t> TestPixels(uint32_t width, uint32_t height, uint32_t seed) {
  std::vector<uint8_t> pixels(size_t{width} * height * 3);
  uint32_t state = seed * 2654435761u + 1;
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      state = state * 1664525u + 1013904223u;
      uint8_t* p = &pixels[(size_t{y} * width + x) * 3];
      p[0] = static_cast<uint8_t>(x * 255 / width);
      p[1] = static_cast<uint8_t>(y * 255 / height);
      p[2] = static_cast<uint8_t>((seed * 37 + (state >> 27)) & 0xFF);
    }
  }
  return pixels;
}

inline void WritePicture(const std::string& path, uint32_t width, uint32_t height, uint32_t seed) {
  const std::vector<uint8_t> pixels = TestPixels(width, height, seed);
  HR_INIT(hr_image, image);
  image.width = width;
  image.height = height;
  image.channels = 3;
  image.stride_bytes = uint64_t{width} * 3;
  image.pixels = pixels.data();
  HR_INIT(hr_error, error);
  ASSERT_EQ(hr_image_write(path.c_str(), &image, 90, &error), HR_OK) << error.text;
}

// `count` pictures over two classes "a" and "b"; every third one is a PNG, sizes vary.
enum class Kinds { kMixed, kPngOnly, kJpegOnly };
inline void MakePictureSet(const TempFolder& folder, uint32_t count, Kinds kinds = Kinds::kMixed) {
  folder.Write("a/.keep", "");
  folder.Write("b/.keep", "");
  for (uint32_t i = 0; i < count; ++i) {
    const bool png = kinds == Kinds::kPngOnly || (kinds == Kinds::kMixed && i % 3 == 0);
    char name[32];
    snprintf(name, sizeof name, "%s/%04u.%s", i % 2 == 0 ? "a" : "b", i, png ? "png" : "jpg");
    WritePicture(folder / name, 40 + i % 23, 36 + i % 17, i);
  }
}

}  // namespace headrace::testing
