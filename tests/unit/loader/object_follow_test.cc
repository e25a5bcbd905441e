// Objects and pixels go the same way: an object is painted into a picture, the ops run on both, and
// what is painted must still be where the object is said to be.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "loader/objects/object_mover.h"
#include "loader/objects/raster.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/augment_pictures.h"
#include "tests/unit/loader/augment_replay.h"
#include "tests/unit/loader/object_lists.h"

namespace headrace::loader {
namespace {

constexpr SizePx kSize = {160, 120};

// White where the object is, black elsewhere.
Bitmap Painted(const ObjectList& list, const Object& object) {
  const std::vector<uint8_t> mask = RasterOf(list, object);
  Bitmap picture(list.size);
  for (size_t i = 0; i < mask.size(); ++i) {
    std::fill_n(picture.bytes.begin() + static_cast<ptrdiff_t>(3 * i), 3,
                static_cast<uint8_t>(mask[i] * 255));
  }
  return picture;
}

// A lopsided outline, and the same as a mask, within `spread` of the sides around the middle.
ObjectList OutlineAndMask(RandomStream* stream, double spread = 0.3, double radius_max = 45) {
  ObjectList list;
  list.Clear(kSize);
  const double x = stream->NextUniform(0.5 - spread, 0.5 + spread) * kSize.width;
  const double y = stream->NextUniform(0.5 - spread, 0.5 + spread) * kSize.height;
  const double r = stream->NextUniform(18, radius_max);
  AddOutline(&list,
             {{{x - r, y - r}, {x + r, y - 0.6 * r}, {x + 0.2 * r, y}, {x - 0.5 * r, y + r}}});
  const RectPx window = BoundsOf(list, list.objects[0]);
  const std::vector<uint8_t> mask = RasterOf(list, list.objects[0], window);
  std::vector<uint32_t> runs;
  AppendRuns(kSize, window, mask, &runs);
  AddRuns(&list, runs);
  return list;
}

struct Overlap {
  double both = 0;
  double any = 0;
  double iou() const { return any == 0 ? 1 : both / any; }
};
Overlap OverlapOf(const Bitmap& picture, const std::vector<uint8_t>& mask) {
  Overlap overlap;
  for (size_t i = 0; i < mask.size(); ++i) {
    const bool painted = picture.bytes[3 * i] >= 128;
    overlap.both += painted && mask[i] == 1 ? 1 : 0;
    overlap.any += painted || mask[i] == 1 ? 1 : 0;
  }
  return overlap;
}

class FollowTest : public ::testing::TestWithParam<std::string> {};

TEST_P(FollowTest, ObjectsAreWhereTheirPixelsAre) {
  std::vector<OpConfig> ops;
  for (std::string rest = GetParam(); !rest.empty();) {
    const size_t end = std::min(rest.find(';'), rest.size());
    std::string body = rest.substr(0, end);
    std::replace(body.begin(), body.end(), '|', '\n');
    const std::vector<OpConfig> one = ParsedOp(body);
    ops.insert(ops.end(), one.begin(), one.end());
    rest.erase(0, end + 1);
  }
  const auto program = MakeProgram(ops);
  RandomStream stream({.seed = 11, .name = "follow"});
  int compared = 0;
  double worst = 1;
  for (uint64_t id = 0; id < 60; ++id) {
    FollowedObjects objects;
    objects.list = OutlineAndMask(&stream);
    const Bitmap picture = Painted(objects.list, objects.list.objects[0]);
    const Recipe recipe = MakeRecipe(*program, {.seed = 3, .id = id}, kSize);

    const Bitmap region = Copied(picture.view().Crop(recipe.region), simd::FlipColumns::kNo);
    GuardedScratch scratch(program->ScratchBytes(recipe));
    AugmentProgram::FollowTo(recipe, recipe.first_draw, &objects);
    ConstImageView out;
    simd::FlipColumns flip = simd::FlipColumns::kNo;
    ASSERT_TRUE(program
                    ->Apply(recipe, AugmentProgram::StartOf(recipe), region.view(), scratch.span(),
                            &out, &flip, nullptr, &objects)
                    .ok());
    const Bitmap result = Copied(out, flip);
    ASSERT_EQ(objects.list.size, result.size);
    for (const Object& object : objects.list.objects) {
      const std::vector<uint8_t> mask = (object.flags & kObjectDropped) != 0
                                            ? std::vector<uint8_t>(result.bytes.size() / 3)
                                            : RasterOf(objects.list, object);
      const Overlap overlap = OverlapOf(result, mask);
      if (overlap.any < 250) continue;
      ++compared;
      worst = std::min(worst, overlap.iou());
      ASSERT_GT(overlap.iou(), 0.9) << "id " << id << " shape " << static_cast<int>(object.shape);
    }
  }
  EXPECT_GT(compared, 30);
  RecordProperty("worst_iou", std::to_string(worst));
}

INSTANTIATE_TEST_SUITE_P(
    Ops, FollowTest,
    ::testing::Values(
        "op = \"random_horizontal_flip\"|p = 1", "op = \"random_vertical_flip\"|p = 1",
        "op = \"random_rotation\"|degrees = 60|interpolation = \"bilinear\"",
        "op = \"random_rotation\"|degrees = 180|expand = true",
        "op = \"random_affine\"|degrees = 20|translate = [0.1, 0.2]|scale = [0.7, 1.4]|shear = "
        "[-10, 10, -8, 8]|interpolation = \"bilinear\"",
        "op = \"random_perspective\"|p = 1",
        "op = \"random_zoom\"|height_factor = [-0.3, 0.3]|width_factor = [-0.2, 0.4]|fill_mode "
        "= "
        "\"constant\"",
        "op = \"random_zoom_out\"|side_range = [1, 2.5]",
        "op = \"random_zoom_out\"|side_range = [1, 2.5]|keep_size = false",
        "op = \"pad\"|padding = [5, 11, 17, 3]", "op = \"pad\"|padding = [-15, 9, 13, -11]",
        "op = \"random_crop\"|size = [110, 100]|padding = [7, 13]",
        "op = \"random_crop\"|size = [200, 220]|pad_if_needed = true",
        "op = \"center_crop\"|size = [100, 111]", "op = \"center_crop\"|size = [151, 190]",
        "op = \"resize\"|size = [77, 201]", "op = \"random_resized_crop\"|size = 96",
        // Draws that fold into the decoded region, then pixels, then geometry again.
        "op = \"random_horizontal_flip\"|p = 0.5;op = \"random_vertical_flip\"|p = 0.5;op = "
        "\"random_resized_crop\"|size = 128;op = \"random_horizontal_flip\"|p = 0.5;op = "
        "\"random_rotation\"|degrees = 30;op = \"center_crop\"|size = 100",
        "op = \"random_vertical_flip\"|p = 1;op = \"center_crop\"|size = [100, 130];op = "
        "\"random_horizontal_flip\"|p = 0.5;op = \"random_zoom_out\"|side_range = [1, 1.5];op = "
        "\"random_resized_crop\"|size = 90|scale = [0.5, 1]"));

// ------------------------------------------------------------------ the mover by itself

// Turns by `degrees` about (x, y) and makes it `scale` times as large.
PointMap TurnedAbout(PointF c, double degrees, double scale) {
  const double a = degrees * M_PI / 180;
  const double m0 = std::cos(a) / scale;
  const double m1 = std::sin(a) / scale;
  return PointMap::FromBack(
      {m0, m1, c.x - m0 * c.x - m1 * c.y, -m1, m0, c.y + m1 * c.x - m0 * c.y, 0, 0, 1});
}

TEST(ObjectMoverTest, I3_AreasGrowByTheSquareOfTheScale) {
  RandomStream stream({.seed = 5, .name = "areas"});
  for (int round = 0; round < 200; ++round) {
    FollowedObjects objects;
    objects.list = OutlineAndMask(&stream, 0.05, 33);
    const double before = ShoelaceOf(objects.list, objects.list.objects[0]);
    const double scale = stream.NextUniform(0.7, 1.3);
    const double degrees = stream.NextUniform(-45, 45);
    const PointMap map = TurnedAbout({80, 60}, degrees, scale);
    objects.mover.Move(map, kSize, &objects.list);
    const Object& outline = objects.list.objects[0];
    ASSERT_EQ(outline.flags, 0);
    const double wanted = before * scale * scale;
    EXPECT_NEAR(ShoelaceOf(objects.list, outline), wanted, 1e-4 * wanted);
    if (wanted < 1000) continue;
    for (const Object& object : objects.list.objects) {
      const std::vector<uint8_t> mask = RasterOf(objects.list, object);
      const auto area = static_cast<double>(std::count(mask.begin(), mask.end(), 1));
      // An edge along a row of pixels may be off by half a pixel over its whole length.
      EXPECT_NEAR(area, wanted, 0.02 * wanted + 20);
    }
  }
}

TEST(ObjectMoverTest, I3_TwoMirrorsAreNone) {
  RandomStream stream({.seed = 6, .name = "mirrors"});
  FollowedObjects objects;
  objects.list = OutlineAndMask(&stream);
  const ObjectList before = objects.list;
  const PointMap mirror = PointMap::ScaleShift(-1, kSize.width, 1, 0);
  objects.mover.Move(mirror, kSize, &objects.list);
  EXPECT_NE(objects.list.points, before.points);
  objects.mover.Move(mirror, kSize, &objects.list);
  ASSERT_EQ(objects.list.points.size(), before.points.size());
  for (size_t i = 0; i < before.points.size(); ++i) {
    EXPECT_NEAR(objects.list.points[i].x, before.points[i].x, 1e-12);
    EXPECT_EQ(objects.list.points[i].y, before.points[i].y);
  }
  EXPECT_EQ(objects.list.runs, before.runs);
  for (const Object& object : objects.list.objects) EXPECT_EQ(object.flags, 0);
}

TEST(ObjectMoverTest, WhatLeavesThePictureIsCutAndThenDropped) {
  FollowedObjects objects;
  objects.list.Clear({100, 100});
  AddOutline(&objects.list, {BoxRing(10, 10, 40, 20)}, ObjectShape::kBox);
  AddRuns(&objects.list, std::vector<uint32_t>{0, 100, 9900});  // the first column
  objects.mover.Move(PointMap::ScaleShift(1, -30, 1, 0), {100, 100}, &objects.list);
  EXPECT_EQ(objects.list.objects[0].flags, kObjectClipped);
  EXPECT_EQ(BoundsOf(objects.list, objects.list.objects[0]).x, 0u);
  EXPECT_EQ(ShoelaceOf(objects.list, objects.list.objects[0]), 400);
  EXPECT_EQ(objects.list.objects[1].flags, kObjectDropped);
  objects.mover.Move(PointMap::ScaleShift(1, -21, 1, 0), {100, 100}, &objects.list);
  EXPECT_NE(objects.list.objects[0].flags & kObjectDropped, 0);
  EXPECT_EQ(objects.list.objects.size(), 2u) << "entries stay, with their ids";
}

TEST(ObjectMoverTest, OutlinesAreCutAtTheEdgesBeforeAnythingMoves) {
  FollowedObjects objects;
  objects.list.Clear({100, 100});
  AddOutline(&objects.list, {BoxRing(-20, 40, 200, 20)});
  objects.mover.ClipToPicture(&objects.list);
  EXPECT_EQ(ShoelaceOf(objects.list, objects.list.objects[0]), 2000);
  // Zooming out must not show what was never in the picture.
  objects.mover.Move(PointMap::ScaleShift(0.5, 25, 0.5, 25), {100, 100}, &objects.list);
  EXPECT_EQ(ShoelaceOf(objects.list, objects.list.objects[0]), 500);
}

TEST(ObjectMoverTest, WhatIsBehindTheHorizonIsNotSeen) {
  // The result's column x shows the place x / (1 - x / 120): the horizon is at x = 120, and points
  // left of -120 lie behind it.
  const PointMap map = PointMap::FromBack({1, 0, 0, 0, 1, 0, -1.0 / 120, 0, 1});
  FollowedObjects objects;
  objects.list.Clear({1000, 100});
  AddOutline(&objects.list, {BoxRing(-500, 0, 800, 40)});
  objects.mover.Move(map, {100, 100}, &objects.list);
  const Object& object = objects.list.objects[0];
  ASSERT_EQ(object.flags, kObjectClipped);
  const RectPx box = BoundsOf(objects.list, object);
  EXPECT_EQ(box.x, 0u);
  // 300 comes to lie at 300 / (1 + 300 / 120).
  EXPECT_NEAR(box.x + box.width, 300 / 3.5, 2);
}

// Every pixel of the result asks for the place that it came from.
std::vector<uint8_t> LookedUp(const PointMap& map, const std::vector<uint8_t>& before, SizePx size,
                              SizePx out) {
  std::vector<uint8_t> after(size_t{out.width} * out.height);
  for (uint32_t y = 0; y < out.height; ++y) {
    for (uint32_t x = 0; x < out.width; ++x) {
      const PointF p = map.Back({x + 0.5, y + 0.5});
      if (!(p.x >= 0 && p.y >= 0 && p.x < size.width && p.y < size.height)) continue;
      after[size_t{y} * out.width + x] =
          before[static_cast<size_t>(p.y) * size.width + static_cast<size_t>(p.x)];
    }
  }
  return after;
}

TEST(ObjectMoverTest, MasksLargerThanAPlaneAreMovedInTheSameWay) {
  constexpr SizePx kLarge = {1300, 1500};
  static_assert(size_t{kLarge.width} * kLarge.height > ObjectMover::kPlaneBytesMax);
  RandomStream stream({.seed = 9, .name = "large"});
  ObjectList list;
  list.Clear(kLarge);
  std::vector<uint32_t> runs;
  uint32_t left = kLarge.width * kLarge.height;
  while (left > 0) {
    // Within a column, over several, and none at all.
    const uint32_t most = stream.NextBelow(40) == 0 ? 5000 : 300;
    runs.push_back(std::min<uint32_t>(left, runs.empty() ? 0 : stream.NextBelow(most)));
    left -= runs.back();
  }
  const Object large = *AddRuns(&list, runs);
  const std::vector<uint8_t> before = PlainMask(list, large);
  const struct {
    PointMap map;
    SizePx out;
  } cases[] = {
      {PointMap::ScaleShift(-1, 1300, 1, 0), kLarge},
      {PointMap::ScaleShift(0.11, -3, 0.07, 2), {100, 120}},
      {PointMap::ScaleShift(1.5, -200, -1.25, 1800), {1400, 1700}},
      {PointMap::ScaleShift(1, -90, 1, -1400), {1000, 150}},  // its window fits a plane
      {PointMap::FromBack({0.8, -0.6, 500, 0.6, 0.8, -300, 0, 0, 1}), {1200, 1250}},
  };
  for (const auto& one : cases) {
    FollowedObjects objects;
    objects.list = list;
    objects.mover.Move(one.map, one.out, &objects.list);
    ASSERT_EQ(objects.list.size, one.out);
    EXPECT_TRUE(RasterOf(objects.list, objects.list.objects[0]) ==
                LookedUp(one.map, before, kLarge, one.out))
        << one.out.width;
  }
}

TEST(ObjectMoverTest, TheMemoryOfMasksDoesNotGoByTheirPixels) {
  const struct {
    SizePx from;
    SizePx to;
  } cases[] = {{{8000, 8000}, {64, 64}}, {{64, 64}, {4000, 4000}}, {{3000, 3000}, {2000, 2000}}};
  for (const auto& one : cases) {
    FollowedObjects objects;
    objects.list.Clear(one.from);
    AddRuns(&objects.list, std::vector<uint32_t>{0, one.from.width * one.from.height});
    const double scale = one.to.width / static_cast<double>(one.from.width);
    const uint64_t bytes = testing::AllocatedBytes();
    objects.mover.Move(PointMap::ScaleShift(scale, 0, scale, 0), one.to, &objects.list);
    EXPECT_LE(testing::AllocatedBytes() - bytes, 2 * ObjectMover::kPlaneBytesMax + 128 * 1024);
    EXPECT_EQ(ExtentOfRuns(one.to, objects.list.RunsOf(objects.list.objects[0])).area_px,
              uint64_t{one.to.width} * one.to.height);
  }
}

TEST(ObjectMoverTest, ALensBendsOutlinesAsItBendsPixels) {
  RandomStream stream({.seed = 8, .name = "lens"});
  for (int round = 0; round < 40; ++round) {
    FollowedObjects objects;
    objects.list = OutlineAndMask(&stream);
    const PointMap lens = PointMap::Lens({80, 60}, 55, 1.7);
    const std::vector<uint8_t> before = RasterOf(objects.list, objects.list.objects[1]);
    objects.mover.Move(lens, kSize, &objects.list);
    Bitmap expected(kSize);
    for (uint32_t y = 0; y < kSize.height; ++y) {
      for (uint32_t x = 0; x < kSize.width; ++x) {
        const PointF p = lens.Back({x + 0.5, y + 0.5});
        const auto column = static_cast<int64_t>(std::floor(p.x));
        const auto row = static_cast<int64_t>(std::floor(p.y));
        if (column < 0 || row < 0 || column >= kSize.width || row >= kSize.height) continue;
        const uint8_t value =
            before[static_cast<size_t>(row) * kSize.width + static_cast<size_t>(column)];
        std::fill_n(expected.view().Row(y) + size_t{x} * 3, 3, static_cast<uint8_t>(value * 255));
      }
    }
    EXPECT_EQ(OverlapOf(expected, RasterOf(objects.list, objects.list.objects[1])).iou(), 1);
    EXPECT_GT(OverlapOf(expected, RasterOf(objects.list, objects.list.objects[0])).iou(), 0.9);
  }
}

}  // namespace
}  // namespace headrace::loader
