#include "simd/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "simd/reference.h"
#include "simd/resize_weights.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr Filter kFilters[] = {Filter::kBox, Filter::kBilinear, Filter::kHamming, Filter::kBicubic,
                               Filter::kLanczos};
constexpr std::string_view kFilterNames[] = {"box", "bilinear", "hamming", "bicubic", "lanczos"};

// Scratch of exactly the promised size, with guard bytes behind it.
class Scratch {
 public:
  Scratch(SizePx source, SizePx target, uint32_t channels, Filter filter)
      : bytes_(ResizeScratchBytes(source, target, channels, filter)),
        memory_(static_cast<std::byte*>(
            std::aligned_alloc(64, (bytes_ + kGuardBytes + 63) / 64 * 64))) {
    std::fill_n(memory_.get() + bytes_, kGuardBytes, std::byte{0x5A});
  }
  std::span<std::byte> span() { return {memory_.get(), bytes_}; }
  bool GuardIsIntact() const {
    return std::all_of(memory_.get() + bytes_, memory_.get() + bytes_ + kGuardBytes,
                       [](std::byte b) { return b == std::byte{0x5A}; });
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  static constexpr size_t kGuardBytes = 64;
  size_t bytes_;
  std::unique_ptr<std::byte, Free> memory_;
};

std::vector<uint8_t> Resized(const ConstImageView& source, SizePx size, Filter filter,
                             Mirror mirror) {
  GuardedPicture target(size, source.channels, size.height % 4);
  Scratch scratch(source.size(), size, source.channels, filter);
  Resize(source, target.view(), filter, mirror, scratch.span());
  EXPECT_TRUE(target.GuardsAreIntact());
  EXPECT_TRUE(scratch.GuardIsIntact());
  return target.Dense();
}

std::vector<uint8_t> ResizedByTwin(const ConstImageView& source, SizePx size, Filter filter,
                                   Mirror mirror) {
  GuardedPicture target(size, source.channels);
  reference::Resize(source, target.view(), filter, mirror);
  return target.Dense();
}

class ResizeOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(ResizeOnTarget);

TEST_P(ResizeOnTarget, EqualsPillow) {
  const std::vector<std::string> lines = GoldenLines("resize_golden.tsv");
  ASSERT_GT(lines.size(), 300u);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (has_one_lane() && i % 4 != 0) continue;
    std::istringstream fields(lines[i]);
    SizePx size, out;
    RectPx crop;
    uint32_t channels = 0, seed = 0, mirror = 0, crc = 0;
    std::string name;
    fields >> size.width >> size.height >> channels >> seed >> crop.x >> crop.y >> crop.width >>
        crop.height >> out.width >> out.height >> name >> mirror >> std::hex >> crc;
    ASSERT_TRUE(fields) << lines[i];
    GuardedPicture source(size, channels, 2);
    FillTestPicture(source.view(), seed);
    const auto filter = std::find(std::begin(kFilterNames), std::end(kFilterNames), name);
    const std::vector<uint8_t> got =
        Resized(source.view().Crop(crop), out, kFilters[filter - std::begin(kFilterNames)],
                mirror != 0 ? Mirror::kYes : Mirror::kNo);
    EXPECT_EQ(Crc32(got.data(), got.size()), crc) << lines[i];
  }
}

TEST_P(ResizeOnTarget, EqualsItsTwinAtEveryWidth) {
  const uint32_t step = has_one_lane() ? 9 : 1;
  for (const uint32_t channels : {1u, 3u, 4u}) {
    for (uint32_t width = 1; width <= 67; width += step) {
      // Rows beyond the lanes of any target, and a last block of rows that is not full.
      GuardedPicture source({width, 21}, channels, width % 3);
      FillTestPicture(source.view(), width);
      for (const SizePx size : {SizePx{width + 5, 13}, {(width + 1) / 2, 40}}) {
        const Mirror mirror = width % 2 != 0 ? Mirror::kYes : Mirror::kNo;
        ASSERT_EQ(Resized(source.view(), size, Filter::kBicubic, mirror),
                  ResizedByTwin(source.view(), size, Filter::kBicubic, mirror))
            << width << " x " << channels << " to " << size.width;
      }
    }
  }
}

TEST_P(ResizeOnTarget, EqualsItsTwinOnRandomSizes) {
  const uint32_t seed = PropertySeed();
  std::mt19937 random(seed);
  const auto below = [&random](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  for (int i = 0; i < (has_one_lane() ? 20 : 150); ++i) {
    const SizePx size = {1 + below(300), 1 + below(120)};
    const SizePx out = {1 + below(200), 1 + below(100)};
    const uint32_t channels = std::array<uint32_t, 3>{1, 3, 4}[below(3)];
    const Filter filter = kFilters[below(5)];
    const Mirror mirror = below(2) != 0 ? Mirror::kYes : Mirror::kNo;
    GuardedPicture source(size, channels, below(9));
    FillTestPicture(source.view(), below(100));
    ASSERT_EQ(Resized(source.view(), out, filter, mirror),
              ResizedByTwin(source.view(), out, filter, mirror))
        << "HEADRACE_TEST_SEED=" << seed << " case " << i << ": " << size.width << "x"
        << size.height << " to " << out.width << "x" << out.height << " channels " << channels;
  }
}

TEST_P(ResizeOnTarget, MirrorEqualsFlippingFirst) {
  GuardedPicture source({77, 30}, 3, 1);
  FillTestPicture(source.view(), 9);
  GuardedPicture flipped({77, 30}, 3);
  reference::FlipHorizontal(source.view(), flipped.view());
  for (const Filter filter : kFilters) {
    for (const SizePx size : {SizePx{40, 50}, {100, 30}, {77, 12}, {77, 30}}) {
      ASSERT_EQ(Resized(source.view(), size, filter, Mirror::kYes),
                Resized(flipped.view(), size, filter, Mirror::kNo))
          << size.width << "x" << size.height;
    }
  }
}

TEST_P(ResizeOnTarget, AConstantPictureStaysConstant) {
  for (const uint8_t value : {uint8_t{0}, uint8_t{1}, uint8_t{128}, uint8_t{254}, uint8_t{255}}) {
    GuardedPicture source({50, 37}, 3);
    for (uint32_t y = 0; y < 37; ++y) std::fill_n(source.view().Row(y), 150, value);
    for (const Filter filter : kFilters) {
      for (const SizePx size : {SizePx{24, 24}, {120, 90}, {1, 1}}) {
        const std::vector<uint8_t> got = Resized(source.view(), size, filter, Mirror::kNo);
        ASSERT_EQ(got, std::vector<uint8_t>(got.size(), value)) << int{value};
      }
    }
  }
}

TEST_P(ResizeOnTarget, TheSameSizeIsACopy) {
  GuardedPicture source({19, 7}, 4, 3);
  FillTestPicture(source.view(), 12);
  EXPECT_EQ(Resized(source.view(), {19, 7}, Filter::kLanczos, Mirror::kNo), source.Dense());
}

TEST(ResizeTest, ScratchOfAbsurdSizesSaturatesInsteadOfWrapping) {
  const uint64_t most =
      ResizeScratchBytes({UINT32_MAX, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}, 4, Filter::kLanczos);
  EXPECT_GT(most, uint64_t{1} << 63);
  EXPECT_GT(ResizeScratchBytes({UINT32_MAX, UINT32_MAX}, {1, 1}, 4, Filter::kLanczos),
            uint64_t{1} << 34);
}

TEST(ResizeWeightsTest, SineAndCosineGiveTheTablesOfTheCLibrary) {
  // The weights have 22 bits; a last-bit difference of a sine must never show in them.
  const auto sinc = [](double x) {
    if (x == 0.0) return 1.0;
    x *= 3.14159265358979323846;
    return std::sin(x) / x;
  };
  const auto weight = [&sinc](Filter filter, double x) {
    if (filter == Filter::kLanczos) return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
    x = std::fabs(x);
    if (x >= 1.0) return 0.0;
    if (x == 0.0) return 1.0;  // the two constants, which Pillow writes as floats, do not add to 1
    return sinc(x) * (double{0.54f} + double{0.46f} * std::cos(x * 3.14159265358979323846));
  };
  for (const Filter filter : {Filter::kHamming, Filter::kLanczos}) {
    for (uint32_t in = 1; in <= 700; in += 7) {
      for (const uint32_t out : {1u, 2u, 31u, 224u, 299u}) {
        const ResizeAxis axis = MakeResizeAxis(filter, in, out);
        std::vector<double> real(axis.taps_max);
        std::vector<int32_t> fixed(axis.taps_max);
        for (uint32_t i = 0; i < out; ++i) {
          const ResizeWindow window = WindowOf(axis, i);
          ASSERT_GE(window.count, 1u);
          ASSERT_LE(window.count, axis.taps_max);
          ASSERT_LE(window.first + window.count, in);
          FixedWeights(axis, i, window, real.data(), fixed.data());
          const double centre = (i + 0.5) * axis.scale;
          double sum = 0;
          for (uint32_t k = 0; k < window.count; ++k) {
            real[k] = weight(filter, (k + window.first - centre + 0.5) * (1 / axis.filter_scale));
            sum += real[k];
          }
          for (uint32_t k = 0; k < window.count; ++k) {
            const double w = real[k] / sum * (1 << 22);
            ASSERT_EQ(fixed[k], static_cast<int32_t>(w < 0 ? w - 0.5 : w + 0.5))
                << in << " to " << out << " at " << i;
          }
        }
      }
    }
  }
}

TEST(ResizeWeightsTest, SineAndCosineAreWithinOneUnitInTheLastPlace) {
  for (int i = -100000; i <= 100000; ++i) {
    const double x = i * 1e-4;
    for (const auto& [ours, exact] : {std::pair{RealSin(x), std::sin(static_cast<long double>(x))},
                                      {RealCos(x), std::cos(static_cast<long double>(x))}}) {
      const double unit = std::nextafter(std::fabs(ours), 2.0) - std::fabs(ours);
      ASSERT_LE(std::fabs(static_cast<double>(ours - exact)), unit) << x;
    }
  }
}

}  // namespace
}  // namespace headrace::simd
