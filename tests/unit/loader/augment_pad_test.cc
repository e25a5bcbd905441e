// pad and random_crop.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "loader/augment/op.h"
#include "tests/unit/loader/augment_replay.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kModes[] = {"constant", "edge", "reflect", "symmetric"};

// Where pixel i of a line of n that goes on comes from, by walking there; -1: nowhere.
int Walked(int i, int n, std::string_view mode) {
  if (mode == "constant") return i < 0 || i >= n ? -1 : i;
  if (mode == "edge") return std::clamp(i, 0, n - 1);
  const bool repeats = mode == "symmetric";
  int at = 0;
  int step = 1;
  for (int k = 0; k < std::abs(i < 0 && repeats ? i + 1 : i); ++k) {
    if (n == 1) break;
    if (at + step < 0 || at + step >= n) {
      step = -step;
      if (repeats) continue;
    }
    at += step;
  }
  return at;
}

// `picture` with a border, the plain way.
Bitmap Padded(const Bitmap& picture, int left, int top, int right, int bottom,
              std::string_view mode, std::array<uint8_t, 3> fill) {
  const auto width = static_cast<int>(picture.size.width);
  const auto height = static_cast<int>(picture.size.height);
  Bitmap out(
      {static_cast<uint32_t>(width + left + right), static_cast<uint32_t>(height + top + bottom)});
  for (int y = 0; y < static_cast<int>(out.size.height); ++y) {
    for (int x = 0; x < static_cast<int>(out.size.width); ++x) {
      const int from_x = Walked(x - left, width, mode);
      const int from_y = Walked(y - top, height, mode);
      const uint8_t* pixel = fill.data();
      if (from_x >= 0 && from_y >= 0) {
        pixel = picture.view().Row(static_cast<uint32_t>(from_y)) + from_x * 3;
      }
      std::copy_n(pixel, 3, out.view().Row(static_cast<uint32_t>(y)) + x * 3);
    }
  }
  return out;
}

std::string PadEntry(int left, int top, int right, int bottom, std::string_view mode) {
  const auto text = [](int v) { return std::to_string(v); };
  return "op = \"pad\"\nfill = [5, 6, 7]\nmode = \"" + std::string(mode) + "\"\npadding = [" +
         text(left) + ", " + text(top) + ", " + text(right) + ", " + text(bottom) + "]";
}

Bitmap Ran(const std::vector<OpConfig>& ops, const Bitmap& picture, uint64_t id = 0) {
  const auto program = MakeProgram(ops);
  return Applied(*program, MakeRecipe(*program, {.seed = 1, .id = id}, picture.size), picture);
}

TEST(PadTest, BordersOfAnyLengthEqualTheirDefinition) {
  for (const SizePx size : {SizePx{1, 1}, {1, 4}, {2, 3}, {5, 4}, {40, 9}}) {
    const Bitmap picture = MakePicture(size, 3);
    for (const std::string_view mode : kModes) {
      for (const auto& [l, t, r, b] : {std::array{1, 2, 3, 4}, std::array{0, 0, 0, 0},
                                       std::array{13, 0, 0, 17}, std::array{0, 25, 30, 0}}) {
        ASSERT_EQ(Ran(ParsedOp(PadEntry(l, t, r, b, mode)), picture),
                  Padded(picture, l, t, r, b, mode, {5, 6, 7}))
            << mode << " " << size.width << "x" << size.height;
      }
    }
  }
}

TEST(PadTest, BelowZeroIsCutOffFirst) {
  const Bitmap picture = MakePicture({12, 10}, 3);
  for (const std::string_view mode : kModes) {
    const Bitmap cut = Copied(picture.view().Crop({3, 0, 9, 8}), simd::FlipColumns::kNo);
    EXPECT_EQ(Ran(ParsedOp(PadEntry(-3, 4, 5, -2, mode)), picture),
              Padded(cut, 0, 4, 5, 0, mode, {5, 6, 7}))
        << mode;
  }
}

TEST(PadTest, WithNothingAddedItIsACropOfTheRegion) {
  const Bitmap picture = MakePicture({12, 10}, 3);
  const auto program = MakeProgram(ParsedOp(PadEntry(-3, -1, 0, -2, "edge")));
  const Recipe recipe = MakeRecipe(*program, {}, picture.size);
  EXPECT_EQ(recipe.region, (RectPx{3, 1, 9, 7}));
  EXPECT_TRUE(program->planes_allowed());
  EXPECT_EQ(Applied(*program, recipe, picture),
            Copied(picture.view().Crop({3, 1, 9, 7}), simd::FlipColumns::kNo));
  EXPECT_EQ(MakeProgram(ParsedOp("op = \"pad\"\npadding = 1"))->exact_because(), "pad");
}

TEST(PadTest, APictureOfWhichNothingIsLeftIsAnError) {
  const auto program = MakeProgram(ParsedOp("op = \"pad\"\npadding = [-5, 0]"));
  Recipe recipe;
  program->Prepare(&recipe);
  EXPECT_TRUE(program->MakeRecipe({}, {11, 3}, &recipe).ok());
  EXPECT_EQ(program->MakeRecipe({}, {10, 3}, &recipe).code(), Code::kInvalidArgument);
  const auto large = MakeProgram(ParsedOp("op = \"pad\"\npadding = 65535"));
  large->Prepare(&recipe);
  EXPECT_EQ(large->MakeRecipe({}, {1, 1}, &recipe).code(), Code::kInvalidArgument);
}

TEST(PadTest, TheSizeOfASizeIsKnown) {
  const auto program =
      MakeProgram(ParsedOps("[[augment]]\nop = \"center_crop\"\nsize = [10, 20]\n[[augment]]\n" +
                            PadEntry(1, 2, 3, -4, "edge")));
  EXPECT_EQ(program->output_size(), (SizePx{24, 8}));
}

constexpr const char* kLists[] = {
    "op = \"pad\"\npadding = [3, 4, 5, 6]\nmode = \"reflect\"",
    "op = \"pad\"\npadding = [-3, 4, 5, -6]\nmode = \"symmetric\"",
    "op = \"pad\"\npadding = [2, 0]\nfill = [1, 2, 3]",
    "op = \"random_crop\"\nsize = [12, 15]",
    "op = \"random_crop\"\nsize = [12, 15]\npadding = 4\nfill = 99",
    "op = \"random_crop\"\nsize = 20\npadding = [1, 2, 3, 4]\nmode = \"reflect\"",
    "op = \"random_crop\"\nsize = 50\npad_if_needed = true\nmode = \"symmetric\"",
    "op = \"random_crop\"\nsize = 50\npadding = 7\npad_if_needed = true\nmode = \"edge\"",
    "op = \"center_crop\"\nsize = [41, 18]"};

TEST(PadTest, WhatIsExplainedReplays) {
  for (const char* body : kLists) {
    ExpectReplays(ParsedOp(body), MakePicture({33, 21}, 4), 15);
  }
}

TEST(PadTest, FlipsBeforeAreSeen) {
  for (const char* body : kLists) {
    ExpectSeesFlips(ParsedOp(body), MakePicture({33, 21}, 8));
  }
}

TEST(RandomCropTest, DrawsTopThenLeftOfThePaddedPicture) {
  for (const std::string_view mode : kModes) {
    const Bitmap picture = MakePicture({20, 16}, 3);
    const Bitmap padded = Padded(picture, 1, 2, 3, 4, mode, {0, 0, 0});
    const auto program = MakeProgram(
        ParsedOp("op = \"random_crop\"\nsize = [9, 11]\npadding = [1, 2, 3, 4]\nmode = \"" +
                 std::string(mode) + "\""));
    int crops = 0;
    for (uint64_t id = 0; id < 100; ++id) {
      RandomStream stream({.seed = 1, .unit = id, .name = "random_crop"});
      stream.NextUnit();
      const uint32_t top = stream.NextBelow(padded.size.height - 9 + 1);
      const uint32_t left = stream.NextBelow(padded.size.width - 11 + 1);
      const Recipe recipe = MakeRecipe(*program, {.seed = 1, .id = id}, picture.size);
      ASSERT_EQ(Applied(*program, recipe, picture),
                Copied(padded.view().Crop({left, top, 11, 9}), simd::FlipColumns::kNo));
      // Where nothing is padded only the window is decoded.
      const bool inside = left >= 1 && left + 11 <= 21 && top >= 2 && top + 9 <= 18;
      ASSERT_EQ(recipe.region.size() == SizePx({11, 9}), inside);
      crops += inside;
    }
    EXPECT_GT(crops, 5);
    EXPECT_LT(crops, 95);
  }
}

TEST(RandomCropTest, WhatLacksIsAddedOnBothSides) {
  for (const std::string_view mode : kModes) {
    const Bitmap picture = MakePicture({6, 16}, 3);
    // Padded once, then 11 - 8 columns on both sides of that.
    const Bitmap padded =
        Padded(Padded(picture, 1, 0, 1, 0, mode, {9, 9, 9}), 3, 0, 3, 0, mode, {9, 9, 9});
    const std::vector<OpConfig> ops = ParsedOp(
        "op = \"random_crop\"\nsize = [9, 11]\npadding = [1, 0]\npad_if_needed = true\nfill = 9\n"
        "mode = \"" +
        std::string(mode) + "\"");
    for (uint64_t id = 0; id < 50; ++id) {
      RandomStream stream({.seed = 1, .unit = id, .name = "random_crop"});
      stream.NextUnit();
      const uint32_t top = stream.NextBelow(16 - 9 + 1);
      const uint32_t left = stream.NextBelow(14 - 11 + 1);
      ASSERT_EQ(Ran(ops, picture, id),
                Copied(padded.view().Crop({left, top, 11, 9}), simd::FlipColumns::kNo))
          << mode;
    }
  }
}

TEST(RandomCropTest, PlacesAreUniform) {
  const auto program = MakeProgram(ParsedOp("op = \"random_crop\"\nsize = [9, 7]"));
  std::vector<double> rows(8), columns(8);
  constexpr int kCount = 16000;
  for (uint64_t id = 0; id < kCount; ++id) {
    const RectPx rect = OnlyDraw(MakeRecipe(*program, {.id = id}, {14, 16})).rect;
    ++rows.at(rect.y);
    ++columns.at(rect.x);
  }
  // Chi squared with 7 degrees of freedom is above 40.5 once in a million.
  double of_rows = 0, of_columns = 0;
  for (int i = 0; i < 8; ++i) {
    of_rows += (rows[i] - kCount / 8) * (rows[i] - kCount / 8) / (kCount / 8);
    of_columns += (columns[i] - kCount / 8) * (columns[i] - kCount / 8) / (kCount / 8);
  }
  EXPECT_LT(of_rows, 40.5);
  EXPECT_LT(of_columns, 40.5);
  // The known mistake: the last place is never drawn.
  double biased = 0;
  for (int i = 0; i < 8; ++i) {
    const double hits = i < 7 ? rows[i] + rows[7] / 7 : 0;
    biased += (hits - kCount / 8) * (hits - kCount / 8) / (kCount / 8);
  }
  EXPECT_GT(biased, 40.5);
}

TEST(RandomCropTest, AnExactFitDrawsNothingAndATooSmallPictureIsAnError) {
  const auto program = MakeProgram(ParsedOp("op = \"random_crop\"\nsize = [9, 7]"));
  Recipe recipe = MakeRecipe(*program, {}, {7, 9});
  EXPECT_EQ(recipe.region, (RectPx{0, 0, 7, 9}));
  EXPECT_EQ(program->MakeRecipe({}, {6, 9}, &recipe).code(), Code::kInvalidArgument);
  EXPECT_EQ(program->MakeRecipe({}, {7, 8}, &recipe).code(), Code::kInvalidArgument);
}

TEST(RandomCropTest, AGivenWindowMustFit) {
  const auto program =
      MakeProgram(ParsedOp("op = \"random_crop\"\nsize = [9, 7]\npadding = 2\nat = [1, 3, 9, 7]"));
  Recipe recipe;
  program->Prepare(&recipe);
  EXPECT_TRUE(program->MakeRecipe({}, {6, 6}, &recipe).ok());
  EXPECT_EQ(program->MakeRecipe({}, {5, 6}, &recipe).code(), Code::kInvalidArgument);
  ConfigError error;
  EXPECT_EQ(MakeOp(ParsedOp("op = \"random_crop\"\nsize = [9, 7]\nat = [0, 0, 9, 8]")[0], &error),
            nullptr);
}

}  // namespace
}  // namespace headrace::loader
