// What the tests of simd/ share: pictures by formula, pictures with guard bytes around every row,
// and running a test once per target.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/image_view.h"
#include "simd/target.h"

namespace headrace::simd {

// A picture whose rows lie `padding` bytes apart. What is not pixels holds a pattern that
// GuardsAreIntact checks, so a kernel that writes one byte too far is seen.
class GuardedPicture {
 public:
  GuardedPicture(SizePx size, uint32_t channels, size_t padding = 0)
      : stride_(size_t{size.width} * channels + padding),
        bytes_(kGuardBytes * 2 + stride_ * size.height, kGuard),
        view_{bytes_.data() + kGuardBytes, size.width, size.height, channels, stride_} {
    for (uint32_t y = 0; y < size.height; ++y) {
      std::fill_n(view_.Row(y), view_.row_bytes(), uint8_t{0});
    }
  }
  GuardedPicture(const GuardedPicture&) = delete;
  GuardedPicture& operator=(const GuardedPicture&) = delete;

  const ImageView& view() const { return view_; }

  bool GuardsAreIntact() const {
    std::vector<bool> pixel(bytes_.size(), false);
    for (uint32_t y = 0; y < view_.height; ++y) {
      const auto at = static_cast<size_t>(view_.Row(y) - bytes_.data());
      std::fill_n(pixel.begin() + static_cast<ptrdiff_t>(at), view_.row_bytes(), true);
    }
    for (size_t i = 0; i < bytes_.size(); ++i) {
      if (!pixel[i] && bytes_[i] != kGuard) return false;
    }
    return true;
  }

  // The pixels without padding.
  std::vector<uint8_t> Dense() const {
    std::vector<uint8_t> dense(view_.row_bytes() * view_.height);
    for (uint32_t y = 0; y < view_.height; ++y) {
      std::copy_n(view_.Row(y), view_.row_bytes(), dense.data() + y * view_.row_bytes());
    }
    return dense;
  }

 private:
  static constexpr uint8_t kGuard = 0xA5;
  static constexpr size_t kGuardBytes = 64;
  size_t stride_;
  std::vector<uint8_t> bytes_;
  ImageView view_;
};

// The formula of tests/golden/make_resize_golden.py. By seed % 3: noise; a ramp with some noise;
// only 0 and 255.
inline void FillTestPicture(const ImageView& view, uint32_t seed) {
  for (uint32_t y = 0; y < view.height; ++y) {
    uint8_t* out = view.Row(y);
    for (uint32_t x = 0; x < view.width; ++x) {
      for (uint32_t c = 0; c < view.channels; ++c) {
        uint32_t h = x * 374761393u + y * 668265263u + c * 2246822519u + seed * 3266489917u;
        h = (h ^ (h >> 13)) * 1274126177u;
        const uint32_t noise = (h ^ (h >> 16)) & 255;
        uint32_t value = noise;
        if (seed % 3 == 1) value = std::min((x + 2 * y) % 240 + noise / 16, 255u);
        if (seed % 3 == 2) value = noise > 127 ? 255 : 0;
        *out++ = static_cast<uint8_t>(value);
      }
    }
  }
}

inline uint32_t Crc32(const void* data, size_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < bytes; ++i) {
    crc ^= at[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

// The lines of a table in tests/golden that are no comments.
inline std::vector<std::string> GoldenLines(const char* name) {
  std::ifstream file(std::string(HEADRACE_SOURCE_DIR "/tests/golden/") + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

// The seed of a property test: HEADRACE_TEST_SEED if set, else a fixed one. Printed when it fails.
inline uint32_t PropertySeed() {
  const char* text = std::getenv("HEADRACE_TEST_SEED");
  return text != nullptr ? static_cast<uint32_t>(std::strtoul(text, nullptr, 10)) : 20260311u;
}

// A test that runs once for every target of this machine.
class EveryTarget : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(ForceTarget(GetParam()).ok()); }
  void TearDown() override { ASSERT_TRUE(ForceTarget("").ok()); }
  // The one-lane target is slow and has no vector code to get wrong: it takes fewer cases.
  bool has_one_lane() const { return GetParam() == "SCALAR"; }
};

#define HEADRACE_ON_EVERY_TARGET(suite)                                           \
  INSTANTIATE_TEST_SUITE_P(Targets, suite, testing::ValuesIn(SupportedTargets()), \
                           [](const auto& target) { return target.param; })

}  // namespace headrace::simd
