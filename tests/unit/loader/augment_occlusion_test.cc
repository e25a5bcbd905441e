// random_erasing and cutout.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "simd/reference_noise.h"
#include "tests/unit/loader/augment_replay.h"

namespace headrace::loader {
namespace {

constexpr const char* kLists[] = {
    "op = \"random_erasing\"\np = 1",
    "op = \"random_erasing\"\np = 1\nscale = [0.5, 1.0]\nvalue = [10, 300, -5]",
    "op = \"random_erasing\"\np = 1\nvalue = \"random\"",
    "op = \"cutout\"",
    "op = \"cutout\"\nlength = 7\nfill = [1, 2, 3]",
    "op = \"cutout\"\nlength = 9\nn_holes = 12\nfill = \"mean\""};

Recipe Drawn(const AugmentProgram& program, SizePx size, uint64_t id) {
  return MakeRecipe(program, {.seed = 1, .id = id}, size);
}

TEST(AugmentOcclusionTest, WhatIsExplainedReplays) {
  for (const char* body : kLists) {
    ExpectReplays(ParsedOp(body), MakePicture({33, 21}, 4), 30);
    ExpectReplays(ParsedOp(body), MakePicture({1, 2}, 4), 5);
  }
}

TEST(AugmentOcclusionTest, FlipsBeforeAreSeen) {
  for (const char* body : kLists) ExpectSeesFlips(ParsedOp(body), MakePicture({30, 17}, 8));
}

TEST(RandomErasingTest, TheBoxIsDrawnAsDocumented) {
  const auto program = MakeProgram(ParsedOp("op = \"random_erasing\"\np = 1\nvalue = \"random\""));
  for (const SizePx size : {SizePx{32, 32}, {100, 10}, {7, 90}}) {
    for (uint64_t id = 0; id < 200; ++id) {
      RandomStream stream({.seed = 1, .unit = id, .name = "random_erasing"});
      stream.NextUnit();
      RectPx wanted;
      uint64_t key = 0;
      for (int attempt = 0; attempt < 10; ++attempt) {
        const double area = size.width * size.height * stream.NextUniform(0.02, 0.33);
        const double ratio = stream.NextLogUniform(0.3, 3.3);
        const double h = std::nearbyint(std::sqrt(area * ratio));
        const double w = std::nearbyint(std::sqrt(area / ratio));
        if (h >= size.height || w >= size.width) continue;
        const auto height = static_cast<uint32_t>(h);
        const auto width = static_cast<uint32_t>(w);
        const uint32_t top = stream.NextBelow(size.height - height + 1);
        const uint32_t left = stream.NextBelow(size.width - width + 1);
        if (width > 0 && height > 0) wanted = {left, top, width, height};
        key = stream.NextU32();
        key |= uint64_t{stream.NextU32()} << 32;
        break;
      }
      const Recipe recipe = Drawn(*program, size, id);
      ASSERT_EQ(OnlyDraw(recipe).rect, wanted);
      if (wanted.width == 0) continue;
      ASSERT_EQ(OnlyDraw(recipe).values[1], static_cast<double>(key & 0xFFFFFFFF));
      ASSERT_EQ(OnlyDraw(recipe).values[2], static_cast<double>(key >> 32));
    }
  }
}

TEST(RandomErasingTest, ErasesItsBoxAndNothingElse) {
  const Bitmap picture = MakePicture({40, 30}, 2);
  const auto program =
      MakeProgram(ParsedOp("op = \"random_erasing\"\np = 1\nvalue = [9, 300, -1]"));
  double share = 0;
  for (uint64_t id = 0; id < 200; ++id) {
    const Recipe recipe = Drawn(*program, picture.size, id);
    const RectPx box = OnlyDraw(recipe).rect;
    Bitmap wanted = picture;
    for (uint32_t y = box.y; y < box.y + box.height; ++y) {
      for (uint32_t x = box.x; x < box.x + box.width; ++x) {
        uint8_t* pixel = wanted.view().Row(y) + size_t{x} * 3;
        pixel[0] = 9;
        pixel[1] = 255;
        pixel[2] = 0;
      }
    }
    ASSERT_EQ(Applied(*program, recipe, picture), wanted);
    const double area = static_cast<double>(box.width) * box.height / (40 * 30);
    ASSERT_LT(area, 0.36);
    share += area / 200;
  }
  EXPECT_GT(share, 0.12);
  EXPECT_LT(share, 0.22);
}

TEST(RandomErasingTest, NoiseIsThatOfTheOutputsScale) {
  const Bitmap picture = MakePicture({200, 150}, 2);
  const std::vector<OpConfig> ops = ParsedOp(
      "op = \"random_erasing\"\np = 1\nvalue = \"random\"\nat = [5, 7, 120, 150]\nnoise_key = 77");
  OutputScale output;
  output.has_mean = true;
  output.mean = {0.485, 0.456, 0.406};
  output.std = {0.229, 0.224, 0.225};
  std::unique_ptr<AugmentProgram> program;
  ConfigError error;
  ASSERT_TRUE(AugmentProgram::Make(ops, {}, false, &program, &error, output)) << error.text;
  Bitmap wanted = picture;
  simd::reference::FillWithNoise({{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}}, 77,
                                 wanted.view().Crop({7, 5, 150, 120}));
  EXPECT_EQ(Applied(*program, Drawn(*program, picture.size, 0), picture), wanted);
}

TEST(RandomErasingTest, ABoxAsLargeAsThePictureNeverFits) {
  const Bitmap picture = MakePicture({20, 20}, 2);
  const auto program = MakeProgram(ParsedOp("op = \"random_erasing\"\np = 1\nscale = [1, 1]"));
  for (uint64_t id = 0; id < 50; ++id) {
    EXPECT_EQ(Applied(*program, Drawn(*program, picture.size, id), picture), picture);
  }
}

TEST(RandomErasingTest, AGivenBoxMustLieInThePicture) {
  const auto program = MakeProgram(ParsedOp("op = \"random_erasing\"\np = 1\nat = [10, 20, 5, 6]"));
  Recipe recipe;
  program->Prepare(&recipe);
  EXPECT_TRUE(program->MakeRecipe({}, {26, 15}, &recipe).ok());
  EXPECT_EQ(program->MakeRecipe({}, {25, 15}, &recipe).code(), Code::kInvalidArgument);
  EXPECT_EQ(program->MakeRecipe({}, {26, 14}, &recipe).code(), Code::kInvalidArgument);
}

// The holes by the definition, pixel by pixel.
Bitmap WithHole(Bitmap picture, int row, int column, int reach, std::array<uint8_t, 3> colour) {
  for (int y = 0; y < static_cast<int>(picture.size.height); ++y) {
    for (int x = 0; x < static_cast<int>(picture.size.width); ++x) {
      if (y < row - reach || y >= row + reach || x < column - reach || x >= column + reach)
        continue;
      std::ranges::copy(colour, picture.view().Row(static_cast<uint32_t>(y)) + x * 3);
    }
  }
  return picture;
}

TEST(CutoutTest, DrawsRowThenColumnAndCutsAtTheBorder) {
  const Bitmap picture = MakePicture({25, 14}, 2);
  const auto program = MakeProgram(ParsedOp("op = \"cutout\"\nlength = 9\nfill = [1, 2, 3]"));
  for (uint64_t id = 0; id < 300; ++id) {
    RandomStream stream({.seed = 1, .unit = id, .name = "cutout"});
    stream.NextUnit();
    const auto row = static_cast<int>(stream.NextBelow(14));
    const auto column = static_cast<int>(stream.NextBelow(25));
    ASSERT_EQ(Applied(*program, Drawn(*program, picture.size, id), picture),
              WithHole(picture, row, column, 4, {1, 2, 3}));
  }
}

TEST(CutoutTest, SeveralHolesComeFromTheKeysStream) {
  const Bitmap picture = MakePicture({60, 50}, 2);
  const auto program =
      MakeProgram(ParsedOp("op = \"cutout\"\nlength = 6\nn_holes = 5\nnoise_key = 12345"));
  RandomStream stream({.seed = 12345, .name = "cutout"});
  Bitmap wanted = picture;
  for (int i = 0; i < 5; ++i) {
    const auto row = static_cast<int>(stream.NextBelow(50));
    const auto column = static_cast<int>(stream.NextBelow(60));
    wanted = WithHole(wanted, row, column, 3, {0, 0, 0});
  }
  EXPECT_EQ(Applied(*program, Drawn(*program, picture.size, 3), picture), wanted);
}

TEST(CutoutTest, TheMeanIsTheOutputsOrMiddleGrey) {
  const Bitmap picture = MakePicture({20, 20}, 2);
  const std::vector<OpConfig> ops =
      ParsedOp("op = \"cutout\"\nlength = 8\nfill = \"mean\"\nat = [10, 10]");
  const auto plain = MakeProgram(ops);
  EXPECT_EQ(Applied(*plain, Drawn(*plain, picture.size, 0), picture),
            WithHole(picture, 10, 10, 4, {128, 128, 128}));
  OutputScale output;
  output.has_mean = true;
  output.mean = {0.485, 0.456, 0.406};
  std::unique_ptr<AugmentProgram> program;
  ConfigError error;
  ASSERT_TRUE(AugmentProgram::Make(ops, {}, false, &program, &error, output));
  EXPECT_EQ(Applied(*program, Drawn(*program, picture.size, 0), picture),
            WithHole(picture, 10, 10, 4, {124, 116, 104}));
}

TEST(CutoutTest, TheCentreIsForOneHole) {
  ConfigError error;
  std::unique_ptr<AugmentProgram> program;
  EXPECT_FALSE(AugmentProgram::Make(ParsedOp("op = \"cutout\"\nn_holes = 2\nat = [1, 1]"), {},
                                    false, &program, &error));
  EXPECT_NE(error.text.find("cutout"), std::string::npos);
}

}  // namespace
}  // namespace headrace::loader
