#include "simd/warp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "simd/reference_warp.h"
#include "simd/resize_nearest.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr Interpolation kInterpolations[] = {Interpolation::kNearest, Interpolation::kBilinear,
                                             Interpolation::kBicubic};
constexpr const char* kInterpolationNames[] = {"nearest", "bilinear", "bicubic"};

Interpolation InterpolationOf(const std::string& name) {
  const auto found =
      std::find(std::begin(kInterpolationNames), std::end(kInterpolationNames), name);
  return kInterpolations[found - std::begin(kInterpolationNames)];
}

AffineMatrix Rotation(double degrees, SizePx size, double scale = 1) {
  const double t = degrees * 0.017453292519943295;
  const double c = std::cos(t) * scale;
  const double s = std::sin(t) * scale;
  const double x = size.width / 2.0;
  const double y = size.height / 2.0;
  return {c, s, x - c * x - s * y, -s, c, y + s * x - c * y};
}

class WarpOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(WarpOnTarget);

TEST_P(WarpOnTarget, EqualsPillow) {
  const std::vector<std::string> lines = GoldenLines("warp_golden.tsv");
  ASSERT_GT(lines.size(), 600u);
  for (const std::string& line : lines) {
    std::istringstream fields(line);
    std::string kind, name;
    SizePx size, out;
    uint32_t channels = 0, seed = 0, crc = 0;
    fields >> kind >> size.width >> size.height >> channels >> seed >> out.width >> out.height;
    GuardedPicture source(size, channels, 2);
    FillTestPicture(source.view(), seed);
    GuardedPicture got(out, channels, 5);
    if (kind == "nearest" || kind == "nearest_legacy") {
      fields >> std::hex >> crc;
      ResizeNearest(source.view(), got.view(),
                    kind == "nearest" ? NearestRule::kCentre : NearestRule::kCorner, Mirror::kNo);
    } else {
      int fill[3];
      fields >> name >> fill[0] >> fill[1] >> fill[2] >> std::hex >> crc;
      std::array<double, 8> m = {};
      const size_t count = kind == "affine" ? 6 : 8;
      for (size_t i = 0; i < count; ++i) {
        std::string text;
        fields >> text;
        m[i] = std::strtod(text.c_str(), nullptr);
      }
      const FillColour colour = {static_cast<uint8_t>(fill[0]), static_cast<uint8_t>(fill[1]),
                                 static_cast<uint8_t>(fill[2])};
      if (kind == "affine") {
        WarpAffine(source.view(), {m[0], m[1], m[2], m[3], m[4], m[5]}, InterpolationOf(name),
                   colour, got.view());
      } else {
        WarpPerspective(source.view(), m, InterpolationOf(name), colour, got.view());
      }
    }
    ASSERT_TRUE(fields) << line;
    const std::vector<uint8_t> dense = got.Dense();
    EXPECT_EQ(Crc32(dense.data(), dense.size()), crc) << line;
    EXPECT_TRUE(got.GuardsAreIntact()) << line;
  }
}

constexpr SizePx kSizes[] = {{1, 1},   {1, 7},   {7, 1},  {2, 1},  {1, 2},     {2, 2},
                             {2, 3},   {3, 3},   {5, 4},  {6, 9},  {17, 31},   {32, 32},
                             {65, 64}, {130, 7}, {9, 70}, {4, 90}, {224, 224}, {301, 40}};

TEST_P(WarpOnTarget, AffineEqualsItsTwin) {
  std::mt19937 random(PropertySeed());
  std::uniform_real_distribution<double> real(-1, 1);
  const auto pick = [&random](auto... values) {
    const double list[] = {static_cast<double>(values)...};
    return list[random() % (sizeof(list) / sizeof(list[0]))];
  };
  const int rounds = has_one_lane() ? 1 : 6;
  for (const SizePx size : kSizes) {
    const double w = size.width;
    const double h = size.height;
    for (int round = 0; round < rounds; ++round) {
      const double wild = std::pow(10.0, 12 * real(random) - 4);
      const AffineMatrix matrices[] = {
          Rotation(180 * real(random), size),
          Rotation(180 * real(random), size, std::exp(3 * real(random))),
          {pick(0, 1, -1, 0.5), pick(0, 1, -1), pick(0, w, w / 2, 0.5), pick(0, 1, -1, 0.25),
           pick(0, 1, -1), pick(0, h, h / 2)},
          {1, pick(0.01, 0.09, 0.2) * std::floor(9 * real(random)), 0, 0, 1, 0},
          {1, 0, 0, pick(0.01, 0.09, 0.2) * std::floor(9 * real(random)), 1, 0},
          {2 * real(random), 0, w / 2, 0, 2 * real(random), h / 2},
          {real(random) * wild, real(random) * wild, w / 2, real(random) * wild,
           real(random) * wild, h / 2},
          {1, 0, pick(-40000, 40000, 3, 0), 0.001, 1, pick(-40000, 40000, 0)},
          {1, 1e-9, pick(0, 1e-12, -1e-12), pick(0, -1e-9), 1, 0},
          {1e300, 1e300, -1e300, -1e300, 1e300, 1e300}};
      for (const AffineMatrix& m : matrices) {
        for (const Interpolation interpolation : kInterpolations) {
          const uint32_t channels = random() % 3 == 0 ? 1 : 3;
          const SizePx out = random() % 2 == 0 ? size : kSizes[random() % std::size(kSizes)];
          GuardedPicture source(size, channels, random() % 4);
          FillTestPicture(source.view(), static_cast<uint32_t>(random()));
          GuardedPicture got(out, channels, 7);
          GuardedPicture wanted(out, channels);
          const FillColour fill = {9, static_cast<uint8_t>(random()), 200};
          WarpAffine(source.view(), m, interpolation, fill, got.view());
          reference::WarpAffine(source.view(), m, interpolation, fill, wanted.view());
          ASSERT_EQ(got.Dense(), wanted.Dense())
              << size.width << "x" << size.height << " to " << out.width << "x" << out.height << " "
              << kInterpolationNames[static_cast<int>(interpolation)] << " "
              << testing::PrintToString(m) << " seed " << PropertySeed();
          ASSERT_TRUE(got.GuardsAreIntact());
        }
      }
    }
  }
}

TEST_P(WarpOnTarget, PerspectiveEqualsItsTwin) {
  std::mt19937 random(PropertySeed() + 1);
  std::uniform_real_distribution<double> real(-1, 1);
  const int rounds = has_one_lane() ? 1 : 6;
  for (const SizePx size : kSizes) {
    for (int round = 0; round < rounds; ++round) {
      for (const double bend : {0.3 / size.width, 3.0 / size.width, 2.0}) {
        PerspectiveCoefficients c = {1 + real(random) / 3, real(random) / 3,     5 * real(random),
                                     real(random) / 3,     1 + real(random) / 3, 5 * real(random),
                                     real(random) * bend,  real(random) * bend};
        if (bend == 2.0) c[6] = -2, c[7] = 0, c[2] = -0.5 * c[0], c[1] = 0;
        for (const Interpolation interpolation : kInterpolations) {
          const uint32_t channels = random() % 3 == 0 ? 1 : 3;
          GuardedPicture source(size, channels, random() % 4);
          FillTestPicture(source.view(), static_cast<uint32_t>(random()));
          GuardedPicture got(size, channels, 7);
          GuardedPicture wanted(size, channels);
          WarpPerspective(source.view(), c, interpolation, {9, 70, 200}, got.view());
          reference::WarpPerspective(source.view(), c, interpolation, {9, 70, 200}, wanted.view());
          ASSERT_EQ(got.Dense(), wanted.Dense())
              << size.width << "x" << size.height << " " << testing::PrintToString(c);
          ASSERT_TRUE(got.GuardsAreIntact());
        }
      }
    }
  }
}

TEST_P(WarpOnTarget, ZoomEqualsItsTwin) {
  std::mt19937 random(PropertySeed() + 2);
  std::uniform_real_distribution<double> real(-2, 1.5);
  const int rounds = has_one_lane() ? 1 : 5;
  for (const SizePx size : kSizes) {
    for (int round = 0; round < rounds; ++round) {
      for (const ZoomFill mode :
           {ZoomFill::kReflect, ZoomFill::kConstant, ZoomFill::kWrap, ZoomFill::kNearest}) {
        const Zoom zoom = {round == 0 ? 1.0 : std::exp(real(random)), std::exp(real(random)), mode};
        for (const Interpolation how : {Interpolation::kNearest, Interpolation::kBilinear}) {
          const uint32_t channels = random() % 3 == 0 ? 1 : 3;
          GuardedPicture source(size, channels, random() % 4);
          FillTestPicture(source.view(), static_cast<uint32_t>(random()));
          GuardedPicture got(size, channels, 7);
          GuardedPicture wanted(size, channels);
          WarpZoom(source.view(), zoom, how, {9, 70, 200}, got.view());
          reference::WarpZoom(source.view(), zoom, how, {9, 70, 200}, wanted.view());
          ASSERT_EQ(got.Dense(), wanted.Dense())
              << size.width << "x" << size.height << " " << zoom.x << " " << zoom.y << " "
              << static_cast<int>(mode);
          ASSERT_TRUE(got.GuardsAreIntact());
        }
      }
    }
  }
}

TEST_P(WarpOnTarget, ResizeNearestEqualsItsTwin) {
  for (const SizePx size : kSizes) {
    for (const SizePx out : kSizes) {
      for (const NearestRule rule : {NearestRule::kCentre, NearestRule::kCorner}) {
        for (const Mirror mirror : {Mirror::kNo, Mirror::kYes}) {
          for (const uint32_t channels : {1u, 3u}) {
            GuardedPicture source(size, channels, 3);
            FillTestPicture(source.view(), size.width);
            GuardedPicture got(out, channels, 5);
            GuardedPicture wanted(out, channels);
            ResizeNearest(source.view(), got.view(), rule, mirror);
            reference::ResizeNearest(source.view(), wanted.view(), rule, mirror);
            ASSERT_EQ(got.Dense(), wanted.Dense()) << size.width << " to " << out.width;
            ASSERT_TRUE(got.GuardsAreIntact());
          }
        }
      }
    }
  }
}

TEST_P(WarpOnTarget, TheIdentityKeepsEveryByte) {
  for (const SizePx size : kSizes) {
    GuardedPicture source(size, 3, 1);
    FillTestPicture(source.view(), 3);
    for (const Interpolation interpolation : kInterpolations) {
      GuardedPicture got(size, 3);
      WarpAffine(source.view(), {1, 0, 0, 0, 1, 0}, interpolation, {}, got.view());
      EXPECT_EQ(got.Dense(), source.Dense());
      GuardedPicture seen(size, 3);
      WarpPerspective(source.view(), {1, 0, 0, 0, 1, 0, 0, 0}, interpolation, {}, seen.view());
      EXPECT_EQ(seen.Dense(), source.Dense());
    }
    for (const Interpolation how : {Interpolation::kNearest, Interpolation::kBilinear}) {
      GuardedPicture zoomed(size, 3);
      WarpZoom(source.view(), {}, how, {}, zoomed.view());
      EXPECT_EQ(zoomed.Dense(), source.Dense());
    }
  }
}

// The source ends where its memory ends: a byte too far is AddressSanitizer's to see.
TEST_P(WarpOnTarget, ReadsNoByteOutsideOfTheSource) {
  std::mt19937 random(PropertySeed() + 3);
  std::uniform_real_distribution<double> real(-1, 1);
  for (const SizePx size : kSizes) {
    for (const uint32_t channels : {1u, 3u}) {
      const size_t row = size_t{size.width} * channels;
      const std::vector<uint8_t> pixels(row * size.height, 77);
      const std::vector<uint8_t> exact(pixels);  // no spare capacity
      const ConstImageView source = {exact.data(), size.width, size.height, channels, row};
      GuardedPicture out(size, channels);
      for (int round = 0; round < 8; ++round) {
        const double turn = round < 4 ? 90 * round : 180 * real(random);
        const AffineMatrix m = Rotation(turn, size, round % 2 == 0 ? 1 : std::exp(real(random)));
        const PerspectiveCoefficients c = {
            m[0], m[1], m[2], m[3], m[4], m[5], real(random) / 900, real(random) / 900};
        for (const Interpolation interpolation : kInterpolations) {
          WarpAffine(source, m, interpolation, {}, out.view());
          WarpPerspective(source, c, interpolation, {}, out.view());
        }
        WarpAffine(source, {1, 0.01 * round, 0, 0, 1, 0}, Interpolation::kBilinear, {}, out.view());
        WarpAffine(source, {1, 0, 0, 0.01 * round, 1, 0}, Interpolation::kBilinear, {}, out.view());
        const Zoom zoom = {std::exp(real(random)), std::exp(real(random)), ZoomFill::kReflect};
        WarpZoom(source, zoom, Interpolation::kBilinear, {}, out.view());
        WarpZoom(source, zoom, Interpolation::kNearest, {}, out.view());
        ResizeNearest(source, out.view().Crop({0, 0, (size.width + 1) / 2, size.height}),
                      NearestRule::kCorner, Mirror::kYes);
      }
    }
  }
}

// Flat parts of a picture must not cost the exact arithmetic, nor change.
TEST_P(WarpOnTarget, AConstantPictureStaysConstant) {
  GuardedPicture source({40, 30}, 3);
  std::fill_n(source.view().data, 40 * 30 * 3, uint8_t{255});
  for (const Interpolation interpolation : kInterpolations) {
    GuardedPicture got({64, 64}, 3);
    WarpAffine(source.view(), Rotation(33, {64, 64}), interpolation, {255, 255, 255}, got.view());
    const std::vector<uint8_t> dense = got.Dense();
    EXPECT_EQ(std::count(dense.begin(), dense.end(), 255), static_cast<int64_t>(dense.size()));
  }
}

}  // namespace
}  // namespace headrace::simd
