#include "simd/blur.h"

#include <gtest/gtest.h>

#include <cmath>

#include "simd/border.h"
#include "simd/reference_blur.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr SizePx kSizes[] = {{1, 1}, {1, 7}, {7, 1}, {2, 2}, {2, 3}, {3, 3}, {17, 31}, {70, 9}};
constexpr uint32_t kKernels[][2] = {{1, 1}, {3, 3},   {5, 5},   {7, 7},  {1, 5},  {5, 1},
                                    {9, 3}, {23, 23}, {31, 31}, {33, 1}, {3, 63}, {255, 255}};

// Scratch of exactly the size that was asked for.
class Scratch {
 public:
  explicit Scratch(uint64_t bytes)
      : bytes_(bytes), memory_(std::aligned_alloc(64, (bytes + 127) / 64 * 64)) {}
  ~Scratch() { std::free(memory_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::span<std::byte> span() const { return {static_cast<std::byte*>(memory_), bytes_}; }

 private:
  uint64_t bytes_;
  void* memory_;
};

void Blur(const ConstImageView& source, const GaussianKernel& kernel, const ImageView& target) {
  const Scratch scratch(BlurScratchBytes(source.size(), source.channels, kernel));
  GaussianBlur(source, kernel, target, scratch.span());
}

class BlurOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(BlurOnTarget);

TEST_P(BlurOnTarget, EqualsItsTwin) {
  uint32_t seed = 0;
  for (const SizePx size : kSizes) {
    for (const auto& sizes : kKernels) {
      for (const double sigma : {0.1, 0.5, 1.1, 7.0, 100.0}) {
        for (const uint32_t channels : {1u, 3u}) {
          if (has_one_lane() && (sizes[0] > 40 || sizes[1] > 40) && size.width > 16) continue;
          const GaussianKernel kernel = {sizes[0], sizes[1], sigma};
          GuardedPicture source(size, channels, seed % 4);
          FillTestPicture(source.view(), seed++);
          GuardedPicture got(size, channels, 5);
          GuardedPicture wanted(size, channels);
          Blur(source.view(), kernel, got.view());
          reference::GaussianBlur(source.view(), kernel, wanted.view());
          ASSERT_EQ(got.Dense(), wanted.Dense())
              << size.width << "x" << size.height << "x" << channels << " kernel " << sizes[0]
              << "," << sizes[1] << " sigma " << sigma;
          ASSERT_TRUE(got.GuardsAreIntact());
          Blur(source.view(), kernel, source.view());
          ASSERT_EQ(source.Dense(), wanted.Dense()) << "in place";
          ASSERT_TRUE(source.GuardsAreIntact());
        }
      }
    }
  }
}

TEST_P(BlurOnTarget, EveryWidthEqualsItsTwin) {
  for (const uint32_t kernel_size : {5u, 23u, 35u}) {
    const GaussianKernel kernel = {kernel_size, 3, 2.0};
    for (uint32_t width = 1; width <= (has_one_lane() ? 20u : 150u); ++width) {
      GuardedPicture source({width, 3}, 1, 1);
      FillTestPicture(source.view(), width);
      GuardedPicture got({width, 3}, 1);
      GuardedPicture wanted({width, 3}, 1);
      Blur(source.view(), kernel, got.view());
      reference::GaussianBlur(source.view(), kernel, wanted.view());
      ASSERT_EQ(got.Dense(), wanted.Dense()) << width << " kernel " << kernel_size;
      ASSERT_TRUE(got.GuardsAreIntact());
    }
  }
}

TEST_P(BlurOnTarget, FlatAreasStayAsTheyAre) {
  for (const auto& sizes : kKernels) {
    if (has_one_lane() && sizes[0] > 40) continue;
    for (const double sigma : {0.1, 0.3, 0.9, 2.0, 5.0, 31.0}) {
      for (int value = 0; value < 256; ++value) {
        std::vector<uint8_t> pixels(11 * 3, static_cast<uint8_t>(value));
        Blur({pixels.data(), 11, 3, 1, 11}, {sizes[0], sizes[1], sigma},
             {pixels.data(), 11, 3, 1, 11});
        ASSERT_EQ(pixels, std::vector<uint8_t>(33, static_cast<uint8_t>(value)))
            << sizes[0] << "," << sizes[1] << " sigma " << sigma;
      }
    }
  }
}

// The formula itself, in f64 and two dimensions.
TEST(BlurTest, IsWithinOneOfTheExactSum) {
  for (const auto& sizes : kKernels) {
    for (const double sigma : {0.1, 0.4, 1.0, 2.0, 10.0}) {
      const SizePx size = sizes[0] > 99 ? SizePx{13, 12} : SizePx{29, 26};
      GuardedPicture source(size, 1);
      FillTestPicture(source.view(), sizes[0] + sizes[1]);
      GuardedPicture got(size, 1);
      Blur(source.view(), {sizes[0], sizes[1], sigma}, got.view());
      const auto half_x = static_cast<int64_t>(sizes[0] / 2);
      const auto half_y = static_cast<int64_t>(sizes[1] / 2);
      double off = 0;
      for (int64_t y = 0; y < size.height; ++y) {
        for (int64_t x = 0; x < size.width; ++x) {
          double sum = 0;
          double total = 0;
          for (int64_t dy = -half_y; dy <= half_y; ++dy) {
            const uint8_t* row =
                source.view().Row(static_cast<uint32_t>(ReflectedIndex(y + dy, size.height)));
            for (int64_t dx = -half_x; dx <= half_x; ++dx) {
              const auto squares = static_cast<double>(dx * dx + dy * dy);
              const double weight = std::exp(-0.5 * squares / (sigma * sigma));
              total += weight;
              sum += weight * row[ReflectedIndex(x + dx, size.width)];
            }
          }
          const double error = got.view().Row(static_cast<uint32_t>(y))[x] - sum / total;
          ASSERT_LT(std::abs(error), 0.56) << sizes[0] << "," << sizes[1] << " sigma " << sigma;
          off += std::abs(error) > 0.5;
        }
      }
      EXPECT_LT(off, 0.06 * size.width * size.height) << sizes[0] << "," << sizes[1];
    }
  }
}

TEST(BlurTest, ASharpKernelChangesNothing) {
  GuardedPicture source({20, 9}, 3);
  FillTestPicture(source.view(), 3);
  GuardedPicture out({20, 9}, 3);
  for (const uint32_t size : {1u, 3u, 33u}) {
    Blur(source.view(), {size, size, 0.1}, out.view());
    EXPECT_EQ(out.Dense(), source.Dense()) << size;
  }
}

TEST(BlurTest, WhatIsSymmetricStaysSymmetric) {
  std::vector<uint8_t> pixels(31 * 3);
  for (size_t i = 0; i < 31; ++i) {
    pixels[i] = pixels[31 + i] = pixels[62 + i] = static_cast<uint8_t>((i - 15) * (i - 15));
  }
  Blur({pixels.data(), 31, 3, 1, 31}, {9, 9, 1.7}, {pixels.data(), 31, 3, 1, 31});
  for (size_t i = 0; i < 31; ++i) EXPECT_EQ(pixels[i], pixels[30 - i]) << i;
}

TEST(BorderTest, IndicesGoOnForAnyDistance) {
  const auto line = [](int64_t (*map)(int64_t, int64_t), int64_t n) {
    std::vector<int64_t> out;
    for (int64_t i = -5; i < 9; ++i) out.push_back(map(i, n));
    return out;
  };
  EXPECT_EQ(line(ReflectedIndex, 3),
            (std::vector<int64_t>{1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0}));
  EXPECT_EQ(line(MirroredIndex, 3),
            (std::vector<int64_t>{1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2}));
  EXPECT_EQ(line(NearestIndex, 3),
            (std::vector<int64_t>{0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(line(ReflectedIndex, 1), std::vector<int64_t>(14, 0));
  EXPECT_EQ(line(MirroredIndex, 1), std::vector<int64_t>(14, 0));
}

}  // namespace
}  // namespace headrace::simd
