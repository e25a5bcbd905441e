// The geometry of crops and resizes: draws, their distribution, fallbacks and sizes.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/real_math.h"
#include "base/rng.h"
#include "loader/augment/random_resized_crop.h"
#include "loader/augment/resize.h"
#include "tests/support/distribution.h"
#include "tests/unit/loader/augment_pictures.h"

namespace headrace::loader {
namespace {

using testing::KsDistance;
using testing::KsLimit;

constexpr Range kScale{0.08, 1.0};
constexpr Range kRatio{3.0 / 4.0, 4.0 / 3.0};

RectPx DrawnAt(uint64_t id, SizePx size, const Range& scale, const Range& ratio) {
  RandomStream stream({.seed = 7, .unit = id, .name = "random_resized_crop"});
  return DrawResizedCrop(&stream, size, scale, ratio);
}

// The rectangle by the letter of the definition; empty when all ten tries failed.
RectPx RectByDefinition(RandomStream* stream, SizePx size) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double area = size.width * 1.0 * size.height * (0.08 + (1.0 - 0.08) * stream->NextUnit());
    const double low = RealLog(0.75);
    const double aspect = RealExp(low + (RealLog(4.0 / 3.0) - low) * stream->NextUnit());
    const double width = std::nearbyint(std::sqrt(area * aspect));
    const double height = std::nearbyint(std::sqrt(area / aspect));
    if (width > size.width || height > size.height) continue;
    RectPx rect{0, 0, static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
    rect.y = stream->NextBelow(size.height - rect.height + 1);
    rect.x = stream->NextBelow(size.width - rect.width + 1);
    return rect;
  }
  return {};
}

TEST(RandomResizedCropTest, TakesItsDrawsInTheDocumentedOrder) {
  const auto program = MakeProgram({CropConfig(8, 8), FlipConfig(0.5), CropConfig(8, 8)});
  int fallbacks = 0;
  // The second is so flat that one try in seven fits.
  for (const SizePx size : {SizePx{333, 241}, SizePx{1000, 220}}) {
    for (uint64_t id = 0; id < 500; ++id) {
      const Recipe recipe = MakeRecipe(*program, {.seed = 3, .epoch = 5, .id = id}, size);
      RandomStream stream({.seed = 3, .epoch = 5, .unit = id, .name = "random_resized_crop"});
      stream.NextUnit();  // p
      RectPx expected = RectByDefinition(&stream, size);
      if (expected.width == 0) {
        ++fallbacks;
        expected = {353, 0, 293, 220};  // 220 * 4 / 3 wide, in the middle
      }
      ASSERT_EQ(recipe.list[recipe.steps[0].first].rect, expected) << "id " << id;
      // The second op of the name has a stream of its own.
      RandomStream second(
          {.seed = 3, .epoch = 5, .unit = id, .name = "random_resized_crop", .occurrence = 1});
      second.NextUnit();
      ASSERT_EQ(recipe.list[recipe.steps[2].first].rect,
                DrawResizedCrop(&second, {8, 8}, kScale, kRatio));
    }
  }
  EXPECT_GT(fallbacks, 30);
}

struct Sampled {
  std::vector<double> area;  // share of the picture
  std::vector<double> log_aspect;
  std::vector<double> top;  // share of the room
};

// On a square where every try fits, so acceptance does not bend the distribution.
constexpr SizePx kBigSquare{8000, 8000};
constexpr Range kFittingScale{0.08, 0.5};

Sampled Sample(const std::function<RectPx(uint64_t)>& draw) {
  Sampled sampled;
  for (uint64_t id = 0; id < 20000; ++id) {
    const RectPx rect = draw(id);
    sampled.area.push_back(static_cast<double>(rect.width) * rect.height / 64e6);
    sampled.log_aspect.push_back(std::log(static_cast<double>(rect.width) / rect.height));
    sampled.top.push_back((rect.y + 0.5) / (8000.0 - rect.height + 1.0));
  }
  return sampled;
}

double UniformCdf(double x, double low, double high) {
  return std::clamp((x - low) / (high - low), 0.0, 1.0);
}
double AreaCdf(double x) { return UniformCdf(x, kFittingScale.low, kFittingScale.high); }
double AspectCdf(double x) { return UniformCdf(x, std::log(kRatio.low), std::log(kRatio.high)); }
double UnitCdf(double x) { return UniformCdf(x, 0, 1); }

TEST(RandomResizedCropTest, AreaAndLogAspectAndPlaceAreUniform) {
  const Sampled sampled =
      Sample([](uint64_t id) { return DrawnAt(id, kBigSquare, kFittingScale, kRatio); });
  EXPECT_LT(KsDistance(sampled.area, AreaCdf), KsLimit(20000));
  EXPECT_LT(KsDistance(sampled.log_aspect, AspectCdf), KsLimit(20000));
  EXPECT_LT(KsDistance(sampled.top, UnitCdf), KsLimit(20000));
}

TEST(RandomResizedCropTest, TheDistributionTestsNoticeABiasedSampler) {
  // Uniform in aspect instead of its logarithm, in side instead of area, and places that favour the
  // start: each a known mistake.
  const Sampled sampled = Sample([](uint64_t id) {
    RandomStream stream({.seed = 7, .unit = id, .name = "biased"});
    const double side = stream.NextUniform(std::sqrt(0.08), std::sqrt(0.5)) * 8000.0;
    const double aspect = stream.NextUniform(kRatio.low, kRatio.high);
    const auto width = static_cast<uint32_t>(side * std::sqrt(aspect));
    const auto height = static_cast<uint32_t>(side / std::sqrt(aspect));
    const uint32_t room = 8000 - height + 1;
    return RectPx{0, static_cast<uint32_t>(stream.NextUnit() * 0.95 * room), width, height};
  });
  EXPECT_GT(KsDistance(sampled.area, AreaCdf), KsLimit(20000));
  EXPECT_GT(KsDistance(sampled.log_aspect, AspectCdf), KsLimit(20000));
  EXPECT_GT(KsDistance(sampled.top, UnitCdf), KsLimit(20000));
}

TEST(RandomResizedCropTest, StaysInsideEverySizeAndWithinItsBounds) {
  constexpr SizePx kSizes[] = {{1, 1}, {1, 7},   {7, 1},     {2, 2},
                               {3, 2}, {17, 31}, {500, 375}, {20, 900}};
  for (const SizePx size : kSizes) {
    const double area = static_cast<double>(size.width) * size.height;
    for (uint64_t id = 0; id < 2000; ++id) {
      const RectPx rect = DrawnAt(id, size, kScale, kRatio);
      ASSERT_GE(rect.width, 1u);
      ASSERT_GE(rect.height, 1u);
      ASSERT_LE(rect.x + rect.width, size.width);
      ASSERT_LE(rect.y + rect.height, size.height);
      if (size.width < 100 || size.height < 100) continue;
      // Rounding a side moves it by at most half a pixel.
      const double aspect = static_cast<double>(rect.width) / rect.height;
      ASSERT_GT(static_cast<double>(rect.width + 1) * (rect.height + 1), 0.08 * area);
      ASSERT_GT(aspect, 0.75 * 0.97);
      ASSERT_LT(aspect, 4.0 / 3.0 * 1.03);
    }
  }
}

TEST(RandomResizedCropTest, FallsBackToTheLargestCentredCropOfAnAllowedAspect) {
  for (uint64_t id = 0; id < 100; ++id) {
    // Too flat or too tall for any try.
    EXPECT_EQ(DrawnAt(id, {1000, 1}, kScale, kRatio), (RectPx{499, 0, 1, 1}));
    EXPECT_EQ(DrawnAt(id, {1, 1000}, kScale, kRatio), (RectPx{0, 499, 1, 1}));
    EXPECT_EQ(DrawnAt(id, {1000, 9}, {0.5, 1.0}, kRatio), (RectPx{494, 0, 12, 9}));
    // Aspects that cannot fit at full area.
    EXPECT_EQ(DrawnAt(id, {100, 100}, {1, 1}, {10, 10}), (RectPx{0, 45, 100, 10}));
    EXPECT_EQ(DrawnAt(id, {100, 100}, {1, 1}, {0.1, 0.1}), (RectPx{45, 0, 10, 100}));
    // Allowed aspect, impossible area: the whole picture.
    EXPECT_EQ(DrawnAt(id, {100, 100}, {4, 4}, kRatio), (RectPx{0, 0, 100, 100}));
    // A side never rounds to nothing.
    EXPECT_EQ(DrawnAt(id, {1, 1000}, {1, 1}, {3, 3}), (RectPx{0, 499, 1, 1}));
  }
}

TEST(RandomResizedCropTest, FullScaleAndSquareRatioIsAPlainResize) {
  const std::vector<OpConfig> crop = {
      MakeOpConfig("random_resized_crop",
                   {{"size", int64_t{24}}, {"scale", Range{1, 1}}, {"ratio", Range{1, 1}}})};
  const std::vector<OpConfig> resize = {
      MakeOpConfig("resize", {{"size", std::vector<double>{24, 24}}})};
  for (const uint32_t side : {1u, 3u, 32u, 101u}) {
    const Bitmap picture = MakePicture({side, side}, side);
    const auto a = MakeProgram(crop);
    const auto b = MakeProgram(resize);
    EXPECT_EQ(Applied(*a, MakeRecipe(*a, {.id = side}, picture.size), picture),
              Applied(*b, MakeRecipe(*b, {.id = side}, picture.size), picture));
  }
}

TEST(RandomResizedCropTest, AGivenRectangleMustLieInThePicture) {
  const auto program = MakeProgram({MakeOpConfig(
      "random_resized_crop", {{"size", int64_t{8}}, {"at", std::vector<double>{10, 20, 5, 6}}})});
  Recipe recipe;
  program->Prepare(&recipe);
  EXPECT_TRUE(program->MakeRecipe({}, {26, 15}, &recipe).ok());
  EXPECT_EQ(recipe.region, (RectPx{20, 10, 6, 5}));
  EXPECT_EQ(program->MakeRecipe({}, {25, 15}, &recipe).code(), Code::kInvalidArgument);
  EXPECT_EQ(program->MakeRecipe({}, {26, 14}, &recipe).code(), Code::kInvalidArgument);
}

TEST(CenterCropTest, RoundsHalfADifferenceToEven) {
  const struct {
    uint32_t difference, offset;
  } cases[] = {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 2}, {6, 3}, {7, 4}, {9, 4}};
  const auto program = MakeProgram({CenterConfig(6, 5)});
  for (const auto& c : cases) {
    const Recipe wide = MakeRecipe(*program, {}, {5 + c.difference, 6});
    EXPECT_EQ(wide.region, (RectPx{c.offset, 0, 5, 6})) << c.difference;
    const Recipe tall = MakeRecipe(*program, {}, {5, 6 + c.difference});
    EXPECT_EQ(tall.region, (RectPx{0, c.offset, 5, 6})) << c.difference;
  }
}

TEST(CenterCropTest, PutsTheSmallerHalfOfThePaddingFirst) {
  const Bitmap picture = MakePicture({2, 3}, 1);
  const auto program = MakeProgram({CenterConfig(6, 5)});
  const Bitmap out = Applied(*program, MakeRecipe(*program, {}, picture.size), picture);
  for (uint32_t y = 0; y < 6; ++y) {
    for (uint32_t x = 0; x < 5; ++x) {
      const bool inside = x >= 1 && x < 3 && y >= 1 && y < 4;
      for (uint32_t c = 0; c < 3; ++c) {
        const uint8_t expected = inside ? picture.view().Row(y - 1)[(x - 1) * 3 + c] : 0;
        ASSERT_EQ(out.view().Row(y)[x * 3 + c], expected) << x << "," << y;
      }
    }
  }
}

TEST(ResizeOpTest, KeepsTheAspectAndTruncatesTheLongSide) {
  EXPECT_EQ(ShortSideSize({500, 375}, 256, 0), (SizePx{341, 256}));
  EXPECT_EQ(ShortSideSize({375, 500}, 256, 0), (SizePx{256, 341}));
  EXPECT_EQ(ShortSideSize({64, 64}, 20, 0), (SizePx{20, 20}));
  EXPECT_EQ(ShortSideSize({101, 67}, 33, 40), (SizePx{40, 26}));
  EXPECT_EQ(ShortSideSize({37, 200}, 20, 64), (SizePx{11, 64}));
  EXPECT_EQ(ShortSideSize({1, 292}, 224, 0), (SizePx{224, 65408}));
  EXPECT_EQ(ShortSideSize({1, 293}, 224, 0), std::nullopt);     // 65632 pixels
  EXPECT_EQ(ShortSideSize({1, 1000}, 224, 256), std::nullopt);  // 0 pixels wide
  EXPECT_EQ(ShortSideSize({1, 65535}, 65535, 0), std::nullopt);
}

TEST(ResizeOpTest, ASizeItCannotReachIsTheSamplesError) {
  const auto program = MakeProgram({MakeOpConfig("resize", {{"size", std::vector<double>{224}}})});
  Recipe recipe;
  program->Prepare(&recipe);
  EXPECT_EQ(program->MakeRecipe({}, {1, 60000}, &recipe).code(), Code::kLimitPixels);
  EXPECT_TRUE(program->MakeRecipe({}, {600, 60000}, &recipe).ok());
}

}  // namespace
}  // namespace headrace::loader
