// Saliency estimates against numpy's, and what has to hold of any of them.
#include "loader/saliency/saliency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/rng.h"
#include "loader/saliency/fft64.h"
#include "simd/flip.h"
#include "tests/support/allocation_counter.h"

namespace headrace::loader {
namespace {

constexpr SaliencyEstimator kAll[] = {SaliencyEstimator::kSr, SaliencyEstimator::kSobel,
                                      SaliencyEstimator::kContrast, SaliencyEstimator::kCenter,
                                      SaliencyEstimator::kUniform};

struct Picture {
  SizePx size;
  std::vector<uint8_t> bytes;
  ConstImageView view() const {
    return {bytes.data(), size.width, size.height, 3, size_t{size.width} * 3};
  }
};

// As tests/golden/make_saliency_golden.py: noise, a slope and a bright box.
Picture GoldenPicture(SizePx size) {
  Picture picture{size, {}};
  uint32_t noise = 1;
  for (uint32_t y = 0; y < size.height; ++y) {
    for (uint32_t x = 0; x < size.width; ++x) {
      const bool inside = x >= size.width * 5 / 8 && x < size.width * 7 / 8 &&
                          y >= size.height / 4 && y < size.height / 2;
      for (uint32_t c = 0; c < 3; ++c) {
        noise = noise * 1664525 + 1013904223;
        picture.bytes.push_back(static_cast<uint8_t>(40 + (noise >> 26) + x * 40 / size.width +
                                                     (inside ? 100 - 30 * c : 0)));
      }
    }
  }
  return picture;
}

// Scratch with a guard behind it, filled with what must not matter.
std::vector<float> Estimate(SaliencyEstimator estimator, bool prior, const ConstImageView& view,
                            simd::FlipColumns flip = simd::FlipColumns::kNo) {
  const size_t bytes = SaliencyScratchBytes(view.size());
  std::vector<std::byte> memory(bytes + 128, std::byte{0xEE});
  const size_t shift = (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
  std::vector<float> map(kSaliencyCells, NAN);
  EstimateSaliency(estimator, prior, view, map, std::span(memory).subspan(shift, bytes), flip);
  EXPECT_TRUE(std::all_of(memory.begin() + static_cast<ptrdiff_t>(shift + bytes), memory.end(),
                          [](std::byte b) { return b == std::byte{0xEE}; }));
  for (const float value : map) EXPECT_TRUE(std::isfinite(value) && value >= 0);
  return map;
}

TEST(SaliencyTest, AgreesWithNumpy) {
  constexpr size_t kCells[][2] = {{0, 0},   {3, 60},  {16, 48}, {20, 47}, {24, 50},
                                  {31, 31}, {32, 32}, {40, 8},  {47, 52}, {63, 63}};
  std::ifstream file(HEADRACE_SOURCE_DIR "/tests/golden/saliency_golden.tsv");
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    SCOPED_TRACE(line);
    std::istringstream fields(line);
    std::string name;
    SizePx size;
    fields >> name >> size.width >> size.height;
    const bool prior = name.ends_with("+prior");
    if (prior) name.resize(name.size() - 6);
    const SaliencyEstimator estimator = name == "sr"         ? SaliencyEstimator::kSr
                                        : name == "sobel"    ? SaliencyEstimator::kSobel
                                        : name == "contrast" ? SaliencyEstimator::kContrast
                                                             : SaliencyEstimator::kCenter;
    const std::vector<float> map = Estimate(estimator, prior, GoldenPicture(size).view());
    const float largest = *std::max_element(map.begin(), map.end());
    // Grids of fewer pixels than cells have frequencies of nearly nothing, whose angles are noise
    // in f32 and in f64.
    const bool exact =
        estimator != SaliencyEstimator::kSr || (size.width >= 64 && size.height >= 64);
    for (const auto& cell : kCells) {
      double expected = 0;
      fields >> expected;
      const double found = static_cast<double>(map[cell[0] * 64 + cell[1]] / largest);
      EXPECT_NEAR(found, expected, exact ? 2e-5 : 0.1) << cell[0] << ", " << cell[1];
    }
    ASSERT_TRUE(fields);
  }
  EXPECT_EQ(lines, 28);
}

TEST(SaliencyTest, AMirroredPictureHasAMirroredMap) {
  for (const SizePx size : {SizePx{224, 224}, SizePx{97, 61}, SizePx{33, 200}}) {
    const Picture picture = GoldenPicture(size);
    Picture mirrored{size, std::vector<uint8_t>(picture.bytes.size())};
    simd::FlipHorizontal(picture.view(), {mirrored.bytes.data(), size.width, size.height, 3,
                                          size_t{size.width} * 3});
    for (const SaliencyEstimator estimator : kAll) {
      const std::vector<float> map = Estimate(estimator, true, picture.view());
      const std::vector<float> other = Estimate(estimator, true, mirrored.view());
      const float largest = *std::max_element(map.begin(), map.end());
      if (size.width >= 64 && size.height >= 61) {
        for (size_t y = 0; y < 64; ++y) {
          for (size_t x = 0; x < 64; ++x) {
            ASSERT_NEAR(map[y * 64 + x], other[y * 64 + 63 - x], 1e-4 * largest);
          }
        }
      }
      EXPECT_EQ(other, Estimate(estimator, true, picture.view(), simd::FlipColumns::kYes));
    }
  }
}

TEST(SaliencyTest, ABrightBoxOnNoiseIsTheMostSalientPlace) {
  const Picture picture = GoldenPicture({224, 224});
  for (const auto estimator :
       {SaliencyEstimator::kSr, SaliencyEstimator::kSobel, SaliencyEstimator::kContrast}) {
    for (const bool prior : {false, true}) {
      const std::vector<float> map = Estimate(estimator, prior, picture.view());
      const auto top = std::max_element(map.begin(), map.end()) - map.begin();
      // Inside the box, or on its outline: a gradient is largest there.
      EXPECT_TRUE(top % 64 >= 39 && top % 64 <= 56 && top / 64 >= 15 && top / 64 <= 32)
          << static_cast<int>(estimator) << ": " << top / 64 << ", " << top % 64;
    }
  }
}

TEST(SaliencyTest, APictureOfOneColourIsAlikeEverywhere) {
  const std::vector<float> ones(kSaliencyCells, 1.0f);
  for (const uint8_t value : {0, 77, 255}) {
    const Picture picture{{90, 70}, std::vector<uint8_t>(90 * 70 * 3, value)};
    for (const SaliencyEstimator estimator : kAll) {
      if (estimator == SaliencyEstimator::kCenter) continue;
      EXPECT_EQ(Estimate(estimator, true, picture.view()), ones);
    }
  }
}

TEST(SaliencyTest, UniformIsOnesAndCenterIsThePrior) {
  const Picture picture = GoldenPicture({50, 40});
  EXPECT_EQ(Estimate(SaliencyEstimator::kUniform, true, picture.view()),
            std::vector<float>(kSaliencyCells, 1.0f));
  const std::vector<float> prior = Estimate(SaliencyEstimator::kCenter, false, picture.view());
  for (size_t y = 0; y < 64; ++y) {
    for (size_t x = 0; x < 64; ++x) {
      const double r2 = (std::pow(x + 0.5 - 32, 2) + std::pow(y + 0.5 - 32, 2)) / 4096;
      ASSERT_NEAR(prior[y * 64 + x], std::exp(-r2 / 0.125), 1e-6);
    }
  }
}

// Sizes at which cells and pixels meet in every way, read through a stride.
TEST(SaliencyTest, TakesEverySize) {
  for (const SizePx size : {SizePx{1, 1}, SizePx{1, 300}, SizePx{300, 1}, SizePx{63, 65},
                            SizePx{7, 5}, SizePx{65535, 2}}) {
    const Picture picture = GoldenPicture({size.width + 3, size.height});
    const ConstImageView cropped = picture.view().Crop({2, 0, size.width, size.height});
    for (const SaliencyEstimator estimator : kAll) Estimate(estimator, true, cropped);
  }
}

TEST(SaliencyTest, AllocatesNothing) {
  const Picture picture = GoldenPicture({224, 224});
  std::vector<std::byte> memory(SaliencyScratchBytes(picture.size) + 64);
  const size_t shift = (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
  std::vector<float> map(kSaliencyCells);
  const uint64_t before = testing::AllocationCount();
  for (const SaliencyEstimator estimator : kAll) {
    EstimateSaliency(estimator, true, picture.view(), map, std::span(memory).subspan(shift));
  }
  EXPECT_EQ(testing::AllocationCount(), before);
}

TEST(Fft64Test, EqualsTheSumThatItStandsFor) {
  RandomStream random({.seed = 1, .name = "test"});
  constexpr size_t kColumns = 5, kStride = 7;
  std::vector<float> re(64 * kStride), im(64 * kStride);
  for (float& v : re) v = static_cast<float>(random.NextUniform(-1, 1));
  for (float& v : im) v = static_cast<float>(random.NextUniform(-1, 1));
  for (const double sign : {-1.0, 1.0}) {
    std::vector<float> out_re = re, out_im = im;
    Fft64(sign < 0 ? FftDirection::kForward : FftDirection::kInverse, out_re.data(), out_im.data(),
          kColumns, kStride);
    for (size_t x = 0; x < kStride; ++x) {
      for (size_t k = 0; k < 64; ++k) {
        std::complex<double> sum = 0;
        for (size_t y = 0; y < 64; ++y) {
          sum += std::complex<double>(re[y * kStride + x], im[y * kStride + x]) *
                 std::polar(1.0, sign * 2 * M_PI * static_cast<double>(k * y % 64) / 64);
        }
        if (x >= kColumns) sum = {re[k * kStride + x], im[k * kStride + x]};  // left alone
        ASSERT_NEAR(out_re[k * kStride + x], sum.real(), 2e-5);
        ASSERT_NEAR(out_im[k * kStride + x], sum.imag(), 2e-5);
      }
    }
  }
}

}  // namespace
}  // namespace headrace::loader
