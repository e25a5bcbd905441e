#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/rng.h"
#include "loader/objects/coco_rle.h"
#include "loader/objects/raster.h"

namespace headrace::loader {
namespace {

using Runs = std::vector<uint32_t>;

std::string TextOf(const Runs& runs) {
  std::vector<char> text;
  EncodeRle(runs, &text);
  return {text.begin(), text.end()};
}

// The second vector of the specification: a picture 40 wide and 30 high, set in rows 5 to 24 of
// columns 10 to 29.
Runs BlockRuns() {
  Runs runs = {305};
  for (int i = 0; i < 19; ++i) runs.insert(runs.end(), {20, 10});
  runs.insert(runs.end(), {20, 305});
  return runs;
}

TEST(CocoRleTest, WritesTheTextsOfTheSpecification) {
  EXPECT_EQ(TextOf({5, 2, 2, 2, 2, 2, 1, 1, 3}), "522000OO2");
  EXPECT_EQ(TextOf(BlockRuns()), "a9d0:" + std::string(37, '0') + "W9");
}

TEST(CocoRleTest, ReadsTheTextsOfTheSpecification) {
  Runs runs = {77};
  ASSERT_TRUE(DecodeRle("522000OO2", {5, 4}, &runs).ok());
  EXPECT_EQ(runs, (Runs{77, 5, 2, 2, 2, 2, 2, 1, 1, 3})) << "appends";
  runs.clear();
  ASSERT_TRUE(DecodeRle("a9d0:" + std::string(37, '0') + "W9", {40, 30}, &runs).ok());
  EXPECT_EQ(runs, BlockRuns());
  const MaskExtent extent = ExtentOfRuns({40, 30}, runs);
  EXPECT_EQ(extent.area_px, 400u);
  EXPECT_EQ(extent.box, (RectPx{10, 5, 20, 20}));
}

TEST(CocoRleTest, ReadsBackWhatItWrites) {
  RandomStream stream({.seed = 5, .name = "rle"});
  for (int round = 0; round < 500; ++round) {
    const SizePx size = {1 + static_cast<uint32_t>(stream.NextUnit() * 300),
                         1 + static_cast<uint32_t>(stream.NextUnit() * 300)};
    uint64_t left = uint64_t{size.width} * size.height;
    Runs runs;
    while (left > 0) {
      const double u = stream.NextUnit();
      const auto run = std::min<uint64_t>(left, static_cast<uint64_t>(u * u * u * 4000));
      runs.push_back(static_cast<uint32_t>(run));
      left -= run;
    }
    Runs back;
    ASSERT_TRUE(DecodeRle(TextOf(runs), size, &back).ok());
    ASSERT_EQ(back, runs);
    ASSERT_TRUE(CheckRuns(runs, size).ok());
  }
}

TEST(CocoRleTest, TakesTheLargestRunAndTheLargestDifference) {
  const SizePx size = {65535, 65535};
  const uint32_t all = 65535u * 65535u;
  const Runs runs = {0, 0, 0, all, 0, 0};
  Runs back;
  ASSERT_TRUE(DecodeRle(TextOf(runs), size, &back).ok());
  EXPECT_EQ(back, runs);
}

TEST(CocoRleTest, RefusesWhatIsNoMaskAndLeavesTheRunsAlone) {
  const std::string texts[] = {
      "",                            // no run for 20 pixels
      "522000OO",                    // cut
      "522000OO3",                   // one too many
      "522000OO22",                  //
      "52200 OO2",                   // below the alphabet
      "522000OO\xff",                // above it
      "5220000T",                    // a negative run (2 - 12)
      "R",                           // a negative first run
      "d",                           // more follow, but nothing does
      "oooooooooooooooooooooooo0",   // more groups than any number has
      "PPPPPPPPPPPPPPPPPPPPPPPPP1",  // and zeros in front
      "ooooo0",                      // 2^25 - 1 pixels
  };
  for (const std::string& text : texts) {
    Runs runs = {1, 2};
    EXPECT_EQ(DecodeRle(text, {5, 4}, &runs).code(), Code::kCorrupt) << text;
    EXPECT_EQ(runs, (Runs{1, 2})) << text;
  }
  EXPECT_FALSE(CheckRuns(Runs{5, 16}, {5, 4}).ok());
  EXPECT_FALSE(CheckRuns(Runs{5, 14}, {5, 4}).ok());
  EXPECT_FALSE(CheckRuns(Runs{4294967295u, 4294967295u, 22}, {5, 4}).ok()) << "wraps";
}

}  // namespace
}  // namespace headrace::loader
