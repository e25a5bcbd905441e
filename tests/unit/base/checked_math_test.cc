#include "base/checked_math.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "base/image_view.h"
#include "base/limits.h"

namespace headrace {
namespace {

constexpr uint32_t kMax32 = UINT32_MAX;
constexpr uint64_t kMax64 = UINT64_MAX;

TEST(CheckedMathTest, GivesNothingInsteadOfAWrappedProduct) {
  EXPECT_EQ(CheckedMul<uint32_t>(65535, 65537), kMax32);
  EXPECT_EQ(CheckedMul<uint32_t>(65536, 65536), std::nullopt);
  EXPECT_EQ(CheckedMul<uint32_t>(kMax32, 0), 0u);
  EXPECT_EQ(CheckedMul<uint64_t>(uint64_t{1} << 32, uint64_t{1} << 31), uint64_t{1} << 63);
  EXPECT_EQ(CheckedMul<uint64_t>(uint64_t{1} << 32, uint64_t{1} << 32), std::nullopt);
}

TEST(CheckedMathTest, GivesNothingInsteadOfAWrappedSum) {
  EXPECT_EQ(CheckedAdd<uint32_t>(kMax32 - 1, 1), kMax32);
  EXPECT_EQ(CheckedAdd<uint32_t>(kMax32, 1), std::nullopt);
  EXPECT_EQ(CheckedAdd<uint64_t>(kMax64, kMax64), std::nullopt);
}

// All products and sums of 16-bit numbers near the edges, against wider arithmetic.
TEST(CheckedMathTest, AgreesWithWiderArithmetic) {
  std::mt19937 random(7);
  for (int i = 0; i < 100000; ++i) {
    const auto a = static_cast<uint16_t>(random() >> (random() % 16));
    const auto b = static_cast<uint16_t>(random() >> (random() % 16));
    const uint32_t product = uint32_t{a} * b;
    const uint32_t sum = uint32_t{a} + b;
    EXPECT_EQ(CheckedMul(a, b).has_value(), product <= UINT16_MAX);
    EXPECT_EQ(CheckedMul(a, b).value_or(0), product <= UINT16_MAX ? product : 0);
    EXPECT_EQ(CheckedAdd(a, b).value_or(0), sum <= UINT16_MAX ? sum : 0);
  }
}

TEST(CheckedMathTest, SaturatesSumsThatAreComparedLater) {
  EXPECT_EQ(SaturatingMul(kMax64, 2), kMax64);
  EXPECT_EQ(SaturatingMul(3, 5), 15u);
  EXPECT_EQ(SaturatingAdd(kMax64 - 3, 4), kMax64);
  EXPECT_EQ(SaturatingAdd(3, 5), 8u);
}

TEST(CheckedMathTest, RoundsUpToAPowerOfTwo) {
  EXPECT_EQ(RoundUp(0, 64), 0u);
  EXPECT_EQ(RoundUp(1, 64), 64u);
  EXPECT_EQ(RoundUp(64, 64), 64u);
  EXPECT_EQ(RoundUp(65, 4096), 4096u);
  EXPECT_EQ(RoundUp(5, 1), 5u);
  // Near the top it cannot be a multiple and not smaller at once: it stays enormous.
  EXPECT_GE(RoundUp(kMax64 - 1, 4096), kMax64 - 4095);
}

TEST(ImageViewTest, CropsByPointerArithmeticAndKeepsTheStride) {
  uint8_t pixels[4 * 40] = {};
  for (size_t i = 0; i < sizeof(pixels); ++i) pixels[i] = static_cast<uint8_t>(i);
  const ImageView view{pixels, 10, 4, 3, 40};
  const ConstImageView crop = view.Crop({2, 1, 5, 3});
  EXPECT_EQ(crop.size(), (SizePx{5, 3}));
  EXPECT_EQ(crop.row_bytes(), 15u);
  EXPECT_EQ(crop.Row(0)[0], 40 + 6);
  EXPECT_EQ(crop.Row(2)[14], 3 * 40 + 6 + 14);
}

TEST(LimitsTest, DefaultsAreTheDocumentedOnes) {
  const Limits limits;
  EXPECT_EQ(limits.max_pixels, 178956970u);
  EXPECT_EQ(limits.max_side, 65535u);
  EXPECT_EQ(limits.max_decoded_bytes, 536870912u);
  EXPECT_EQ(limits.max_encoded_bytes, 268435456u);
  EXPECT_EQ(limits.jpeg_scans, 32u);
  EXPECT_EQ(limits.jpeg_memory, 268435456u);
  EXPECT_EQ(limits.scratch_pixels, 16777216u);
}

}  // namespace
}  // namespace headrace
