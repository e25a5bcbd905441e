#include "loader/objects/raster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "tests/unit/loader/object_lists.h"

namespace headrace::loader {
namespace {

RandomStream StreamOf(uint64_t unit) {
  return RandomStream({.seed = 11, .unit = unit, .name = "raster test"});
}

RectPx RandomWindow(SizePx size, RandomStream* stream) {
  const uint32_t x = stream->NextBelow(size.width);
  const uint32_t y = stream->NextBelow(size.height);
  return {x, y, 1 + stream->NextBelow(size.width - x), 1 + stream->NextBelow(size.height - y)};
}

std::vector<uint8_t> CutOut(const std::vector<uint8_t>& mask, SizePx size, const RectPx& window) {
  std::vector<uint8_t> out;
  for (uint32_t y = 0; y < window.height; ++y) {
    const auto row = mask.begin() + size_t{window.y + y} * size.width + window.x;
    out.insert(out.end(), row, row + window.width);
  }
  return out;
}

uint64_t AreaOf(const std::vector<uint8_t>& mask) {
  return static_cast<uint64_t>(std::count(mask.begin(), mask.end(), 1));
}

TEST(RasterTest, DrawsOutlinesAsTheDefinitionSays) {
  for (uint64_t unit = 0; unit < 400; ++unit) {
    RandomStream stream = StreamOf(unit);
    ObjectList list;
    list.Clear({1 + stream.NextBelow(40), 1 + stream.NextBelow(40)});
    std::vector<Ring> rings(1 + stream.NextBelow(3));
    for (Ring& ring : rings) ring = RandomRing(list.size, &stream);
    const Object& object = *AddOutline(&list, rings);
    const std::vector<uint8_t> expected = PlainMask(list, object);
    ASSERT_EQ(RasterOf(list, object), expected) << unit;
    const RectPx window = RandomWindow(list.size, &stream);
    ASSERT_EQ(RasterOf(list, object, window), CutOut(expected, list.size, window)) << unit;
  }
}

TEST(RasterTest, ANestedRingIsNoHole) {
  ObjectList list;
  list.Clear({12, 12});
  AddOutline(&list, {BoxRing(1, 1, 10, 10), BoxRing(4, 4, 3, 3)});
  EXPECT_EQ(AreaOf(RasterOf(list, list.objects[0])), 100u);
}

TEST(RasterTest, ARingThatCrossesItselfIsEvenOdd) {
  ObjectList list;
  list.Clear({10, 10});
  // The same square twice around.
  Ring twice = BoxRing(2, 2, 5, 5);
  const Ring once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  AddOutline(&list, {twice});
  EXPECT_EQ(AreaOf(RasterOf(list, list.objects[0])), 0u);
}

TEST(RasterTest, PixelsBelongByTheirCentres) {
  ObjectList list;
  list.Clear({4, 3});
  AddOutline(&list, {BoxRing(0.5, 0.5, 2, 1)}, ObjectShape::kBox);
  EXPECT_EQ(RasterOf(list, list.objects[0]),
            (std::vector<uint8_t>{1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(RasterTest, NeighboursShareNoPixelAndLeaveNone) {
  ObjectList list;
  list.Clear({31, 29});
  const PointF corners[] = {{0, 0}, {31, 0}, {31, 29}, {0, 29}};
  const PointF middle{13.3, 17.9};
  std::vector<uint32_t> covered(31 * 29);
  for (size_t i = 0; i < 4; ++i) {
    const Object& object = *AddOutline(&list, {{corners[i], corners[(i + 1) % 4], middle}});
    const std::vector<uint8_t> mask = RasterOf(list, object);
    for (size_t k = 0; k < mask.size(); ++k) covered[k] += mask[k];
  }
  EXPECT_EQ(std::count(covered.begin(), covered.end(), 1u), 31 * 29);
}

TEST(RasterTest, OddOutlinesCoverNothingAndDoNoHarm) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  ObjectList list;
  list.Clear({9, 9});
  AddOutline(&list, {{{1, 1}, {kInfinity, 2}, {3, 7}}});
  AddOutline(&list, {{{1, 1}, {5, kNan}, {3, 7}}});
  AddOutline(&list, {{{1, 1}, {8, 8}}});
  AddOutline(&list, {{}});
  AddOutline(&list, {});
  AddOutline(&list, {{{-1e300, 4}, {1e300, 4}, {1e300, 4 + 1e-300}, {-1e300, 4}}});
  for (const Object& object : list.objects) EXPECT_EQ(AreaOf(RasterOf(list, object)), 0u);
  // One bad ring takes nothing from another.
  AddOutline(&list, {{{1, 1}, {kInfinity, 2}, {3, 7}}, BoxRing(2, 2, 3, 3)});
  EXPECT_EQ(AreaOf(RasterOf(list, list.objects.back())), 9u);
  EXPECT_EQ(BoundsOf(list, list.objects.back()), (RectPx{2, 2, 3, 3}));
  // Far beyond all sides.
  AddOutline(&list, {BoxRing(-1e300, -1e300, 2e300, 2e300)});
  EXPECT_EQ(AreaOf(RasterOf(list, list.objects.back())), 81u);
}

TEST(RasterTest, BoundsHoldTheObjectAndStayInside) {
  for (uint64_t unit = 0; unit < 300; ++unit) {
    RandomStream stream = StreamOf(unit);
    ObjectList list;
    list.Clear({1 + stream.NextBelow(40), 1 + stream.NextBelow(40)});
    const Object& object = *AddOutline(&list, {RandomRing(list.size, &stream)});
    const RectPx bounds = BoundsOf(list, object);
    ASSERT_LE(bounds.x + bounds.width, list.size.width);
    ASSERT_LE(bounds.y + bounds.height, list.size.height);
    ASSERT_EQ(AreaOf(RasterOf(list, object, bounds)), AreaOf(RasterOf(list, object))) << unit;
  }
}

// The vectors of COCO's run lengths.
TEST(RasterTest, RunsAreCocos) {
  std::vector<uint8_t> mask(4 * 5);
  for (const uint32_t row : {1u, 2u}) {
    for (const uint32_t column : {1u, 2u, 3u}) mask[row * 5 + column] = 1;
  }
  mask[4] = 1;
  std::vector<uint32_t> runs;
  EXPECT_EQ(AppendRuns({5, 4}, {0, 0, 5, 4}, mask, &runs), 9u);
  EXPECT_EQ(runs, (std::vector<uint32_t>{5, 2, 2, 2, 2, 2, 1, 1, 3}));

  runs.clear();
  const std::vector<uint8_t> all(20 * 20, 1);
  EXPECT_EQ(AppendRuns({40, 30}, {10, 5, 20, 20}, all, &runs), 41u);
  EXPECT_EQ(runs.front(), 305u);
  EXPECT_EQ(runs.back(), 305u);
  EXPECT_EQ(std::count(runs.begin(), runs.end(), 20u), 20);
  EXPECT_EQ(std::count(runs.begin(), runs.end(), 10u), 19);
  const MaskExtent extent = ExtentOfRuns({40, 30}, runs);
  EXPECT_EQ(extent.area_px, 400u);
  EXPECT_EQ(extent.box, (RectPx{10, 5, 20, 20}));
}

TEST(RasterTest, RunsGoThereAndBack) {
  for (uint64_t unit = 0; unit < 400; ++unit) {
    RandomStream stream = StreamOf(unit);
    ObjectList list;
    list.Clear({1 + stream.NextBelow(12), 1 + stream.NextBelow(12)});
    // Windows that touch all or no side, and masks that are full or empty, are frequent.
    const RectPx window =
        stream.NextBelow(3) == 0 ? WholeOf(list.size) : RandomWindow(list.size, &stream);
    const uint32_t density = stream.NextBelow(5);
    std::vector<uint8_t> mask(size_t{window.width} * window.height);
    for (uint8_t& value : mask) value = stream.NextBelow(4) < density ? 1 : 0;
    std::vector<uint32_t> runs{9, 9};  // appended, not replaced
    const uint32_t count = AppendRuns(list.size, window, mask, &runs);
    ASSERT_EQ(runs.size(), count + 2u);
    runs.erase(runs.begin(), runs.begin() + 2);
    uint64_t sum = 0;
    for (size_t i = 0; i < runs.size(); ++i) {
      ASSERT_TRUE(i == 0 || runs[i] > 0) << unit;
      sum += runs[i];
    }
    ASSERT_EQ(sum, uint64_t{list.size.width} * list.size.height);
    const Object& object = *AddRuns(&list, runs);
    ASSERT_EQ(RasterOf(list, object, window), mask) << unit;
    ASSERT_EQ(AreaOf(RasterOf(list, object)), AreaOf(mask)) << unit;
    ASSERT_EQ(RasterOf(list, object), PlainMask(list, object)) << unit;
    // Both ways of measuring agree, and the box is tight.
    const MaskExtent extent = ExtentOf(window, mask);
    const MaskExtent of_runs = ExtentOfRuns(list.size, runs);
    ASSERT_EQ(extent.area_px, AreaOf(mask));
    ASSERT_EQ(of_runs.area_px, extent.area_px);
    ASSERT_EQ(BoundsOf(list, object), of_runs.box);
    RectPx tight;
    if (extent.area_px > 0) {
      uint32_t right = 0, bottom = 0;
      tight = {list.size.width, list.size.height};
      for (uint32_t y = 0; y < window.height; ++y) {
        for (uint32_t x = 0; x < window.width; ++x) {
          if (mask[size_t{y} * window.width + x] == 0) continue;
          tight.x = std::min(tight.x, window.x + x);
          tight.y = std::min(tight.y, window.y + y);
          right = std::max(right, window.x + x + 1);
          bottom = std::max(bottom, window.y + y + 1);
        }
      }
      tight.width = right - tight.x;
      tight.height = bottom - tight.y;
    }
    ASSERT_EQ(extent.box, tight) << unit;
    ASSERT_EQ(of_runs.box, tight) << unit;
  }
}

TEST(RasterTest, RunsThatSayMoreThanThePictureHoldsAreCut) {
  ObjectList list;
  list.Clear({3, 2});
  AddRuns(&list, std::vector<uint32_t>{4, 4000000000u, 1, 4000000000u});
  EXPECT_EQ(RasterOf(list, list.objects[0]), (std::vector<uint8_t>{0, 0, 1, 0, 0, 1}));
  EXPECT_EQ(ExtentOfRuns(list.size, list.runs).area_px, 2u);
}

}  // namespace
}  // namespace headrace::loader
