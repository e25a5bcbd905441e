// instaboost as an op on a picture with objects.
#include "loader/augment/instaboost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "loader/augment/noise_key.h"
#include "loader/objects/heat_map.h"
#include "loader/objects/instance_alpha.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/augment_replay.h"
#include "tests/unit/loader/object_lists.h"
#include "tests/unit/loader/object_op_under_test.h"

namespace headrace::loader {
namespace {

class OpUnderTest : public ObjectOpUnderTest {
 public:
  explicit OpUnderTest(const std::string& body) : ObjectOpUnderTest("instaboost", 7, body) {}
  // What it makes of the picture; `list` is brought up to date.
  Bitmap Ran(const Bitmap& picture, uint64_t id, ObjectList* list) const {
    return ObjectOpUnderTest::Ran(picture, id, {.objects = list});
  }
};

bool SameObjects(const ObjectList& a, const ObjectList& b) {
  const auto same = [](const Object& x, const Object& y) {
    return x.id == y.id && x.label == y.label && x.crowd == y.crowd && x.flags == y.flags &&
           x.shape == y.shape && x.first == y.first && x.count == y.count;
  };
  const auto same_ring = [](const ObjectRing& x, const ObjectRing& y) {
    return x.first == y.first && x.count == y.count;
  };
  return a.size == b.size && std::ranges::equal(a.objects, b.objects, same) &&
         std::ranges::equal(a.rings, b.rings, same_ring) && a.points == b.points &&
         a.runs == b.runs;
}

Ring Diamond(double x, double y, double radius) {
  return {{x, y - radius}, {x + radius, y}, {x, y + radius}, {x - radius, y}};
}

// Three single objects, two that overlap, a crowd, a box and a mask.
ObjectList SomeObjects(SizePx size) {
  ObjectList list;
  list.Clear(size);
  AddOutline(&list, {Diamond(60, 60, 25)});
  AddOutline(&list, {Diamond(150, 50, 20)});
  AddOutline(&list, {Diamond(170, 60, 20), BoxRing(150, 80, 10, 10)});
  AddOutline(&list, {BoxRing(30, 120, 50, 30)}, ObjectShape::kBox);
  AddOutline(&list, {BoxRing(90, 90, 30, 12)})->crowd = true;
  std::vector<uint8_t> mask(30 * 20, 1);
  for (size_t i = 0; i < mask.size(); i += 7) mask[i] = 0;
  std::vector<uint32_t> runs;
  AppendRuns(size, {180, 120, 30, 20}, mask, &runs);
  AddRuns(&list, runs);
  AddOutline(&list, {Diamond(5, 170, 12)});  // cut by the left side
  return list;
}

constexpr SizePx kSize{240, 180};

TEST(InstaboostTest, WithoutObjectsOrMovesNothingChanges) {
  const Bitmap picture = MakePicture(kSize, 1);
  const OpUnderTest moves("");
  EXPECT_EQ(moves.Ran(picture, 0, nullptr), picture);
  ObjectList none;
  none.Clear(kSize);
  EXPECT_EQ(moves.Ran(picture, 0, &none), picture);
  const OpUnderTest skips("actions = { skip = 1 }\n");
  for (uint64_t id = 0; id < 5; ++id) {
    ObjectList list = SomeObjects(kSize);
    EXPECT_EQ(skips.Ran(picture, id, &list), picture);
    EXPECT_TRUE(SameObjects(list, SomeObjects(kSize)));
  }
}

TEST(InstaboostTest, AClosedGateChangesNothing) {
  const Bitmap picture = MakePicture(kSize, 1);
  const auto program = MakeProgram(ParsedOp("op = \"instaboost\"\np = 0.0\n"));
  const Recipe recipe = MakeRecipe(*program, {.seed = 1}, kSize);
  EXPECT_EQ(recipe.list_count, 0u);
  EXPECT_EQ(Applied(*program, recipe, picture), picture);
}

TEST(InstaboostTest, ObjectsMoveAndAreMarked) {
  const Bitmap picture = MakePicture(kSize, 1);
  ObjectList list = SomeObjects(kSize);
  const Bitmap out = OpUnderTest("").Ran(picture, 3, &list);
  EXPECT_NE(out, picture);
  const ObjectList before = SomeObjects(kSize);
  ASSERT_EQ(list.objects.size(), before.objects.size());
  for (size_t i = 0; i < list.objects.size(); ++i) {
    EXPECT_EQ(list.objects[i].id, before.objects[i].id);
    EXPECT_EQ(list.objects[i].label, before.objects[i].label);
    const bool moved = (list.objects[i].flags & kObjectMoved) != 0;
    EXPECT_EQ(moved, !list.objects[i].crowd) << i;
    const RectPx box = BoundsOf(list, list.objects[i]);
    const RectPx box_before = BoundsOf(before, before.objects[i]);
    if (!moved) {
      EXPECT_EQ(box, box_before);
    }
  }
}

// What the annotation says is what the picture shows: an object of one colour is under its mask.
TEST(InstaboostTest, PixelsGoWithTheirMasks) {
  for (uint64_t id = 0; id < 10; ++id) {
    ObjectList list;
    list.Clear(kSize);
    AddOutline(&list, {Diamond(100, 90, 40)});
    Bitmap picture(kSize);
    std::ranges::fill(picture.bytes, uint8_t{40});
    const std::vector<uint8_t> mask = RasterOf(list, list.objects[0]);
    for (size_t i = 0; i < mask.size(); ++i) {
      if (mask[i] != 0) picture.bytes[3 * i + 1] = 240;
    }
    const Bitmap out = OpUnderTest("").Ran(picture, id, &list);
    const std::vector<uint8_t> moved = RasterOf(list, list.objects[0]);
    // Its edge is drawn in by a pixel and soft; beyond that all of it is there, and nothing else.
    std::vector<uint8_t> near = moved, inner = moved, spare(moved.size());
    GrowMask(kSize, 1, near, spare);
    for (uint8_t& value : inner) value ^= 1;
    GrowMask(kSize, 5, inner, spare);
    for (size_t i = 0; i < moved.size(); ++i) {
      const uint8_t green = out.bytes[3 * i + 1];
      if (inner[i] == 0) {
        ASSERT_EQ(green, 240) << i;
      }
      if (near[i] == 0) {
        ASSERT_EQ(green, 40) << i;
      }
    }
    EXPECT_NE(moved, mask);
  }
}

TEST(InstaboostTest, MovesByWholePixelsCopyTheCore) {
  const Bitmap picture = MakePicture(kSize, 2);
  const OpUnderTest op(
      "scale = [1, 1]\nrotate = 0\ninteger = true\nshift_div = [4, 4]\nedge_margin = 0\n");
  int moved = 0;
  for (uint64_t id = 0; id < 20; ++id) {
    ObjectList list;
    list.Clear(kSize);
    AddOutline(&list, {BoxRing(80, 60, 60, 50)});
    const Bitmap out = op.Ran(picture, id, &list);
    const RectPx to = BoundsOf(list, list.objects[0]);
    ASSERT_EQ(to.size(), (SizePx{60, 50}));
    moved += to == RectPx{80, 60, 60, 50} ? 0 : 1;
    constexpr uint32_t kEdge = 2 + 2;  // feather + 2
    for (uint32_t y = kEdge; y + kEdge < 50; ++y) {
      for (uint32_t x = kEdge; x + kEdge < 60; ++x) {
        for (uint32_t c = 0; c < 3; ++c) {
          ASSERT_EQ(out.bytes[((to.y + y) * kSize.width + to.x + x) * 3 + c],
                    picture.bytes[((60 + y) * kSize.width + 80 + x) * 3 + c]);
        }
      }
    }
  }
  EXPECT_GT(moved, 15);
}

TEST(InstaboostTest, WhatIsNeitherLeftNorReachedIsUntouched) {
  const Bitmap picture = MakePicture(kSize, 5);
  for (uint64_t id = 0; id < 10; ++id) {
    const ObjectList before = SomeObjects(kSize);
    ObjectList list = before;
    const Bitmap out = OpUnderTest("").Ran(picture, id, &list);
    // Everything that could change: masks before and after, grown by more than any edge.
    std::vector<uint8_t> near(kSize.width * kSize.height), spare(near.size());
    for (size_t i = 0; i < list.objects.size(); ++i) {
      const std::vector<uint8_t> a = RasterOf(before, before.objects[i]);
      const std::vector<uint8_t> b = RasterOf(list, list.objects[i]);
      for (size_t k = 0; k < near.size(); ++k) near[k] |= a[k] | b[k];
    }
    GrowMask(kSize, 4, near, spare);
    for (size_t k = 0; k < near.size(); ++k) {
      if (near[k] != 0) continue;
      for (size_t c = 0; c < 3; ++c) {
        ASSERT_EQ(out.bytes[3 * k + c], picture.bytes[3 * k + c]) << id << " at " << k;
      }
    }
    EXPECT_LT(std::accumulate(near.begin(), near.end(), 0), 30000);
  }
}

// Gray ground of 90 to 150, an object in magenta: nothing of it is in what was filled.
TEST(InstaboostTest, NothingOfTheObjectBleedsIntoTheHole) {
  for (const double left : {80.0, -10.0}) {
    for (uint64_t id = 0; id < 6; ++id) {
      Bitmap picture = MakePicture(kSize, 4);
      for (size_t i = 0; i < picture.bytes.size(); i += 3) {
        std::fill_n(picture.bytes.begin() + static_cast<ptrdiff_t>(i), 3,
                    static_cast<uint8_t>(90 + picture.bytes[i] % 61));
      }
      ObjectList list;
      list.Clear(kSize);
      AddOutline(&list, {BoxRing(left, 50, 70, 60)});
      const std::vector<uint8_t> mask = RasterOf(list, list.objects[0]);
      for (size_t i = 0; i < mask.size(); ++i) {
        if (mask[i] == 0) continue;
        picture.bytes[3 * i] = 255;
        picture.bytes[3 * i + 1] = 0;
        picture.bytes[3 * i + 2] = 255;
      }
      const Bitmap out =
          OpUnderTest("scale = [0.5, 0.7]\nedge_margin = 0\n").Ran(picture, id, &list);
      std::vector<uint8_t> shown = RasterOf(list, list.objects[0]);
      std::vector<uint8_t> spare(shown.size());
      GrowMask(kSize, 3, shown, spare);
      size_t filled = 0;
      for (size_t i = 0; i < mask.size(); ++i) {
        if (shown[i] != 0) continue;
        filled += mask[i];
        for (size_t c = 0; c < 3; ++c) {
          ASSERT_GE(out.bytes[3 * i + c], 90) << i;
          ASSERT_LE(out.bytes[3 * i + c], 150) << i;
        }
      }
      EXPECT_GT(filled, 500u);
    }
  }
}

TEST(InstaboostTest, WhatStaysIsNotErased) {
  for (uint64_t id = 0; id < 10; ++id) {
    ObjectList list;
    list.Clear(kSize);
    AddOutline(&list, {Diamond(100, 90, 50)});
    AddOutline(&list, {BoxRing(70, 80, 60, 20)})->crowd = true;
    AddOutline(&list, {BoxRing(40, 30, 3, 5)});  // too small to move
    std::vector<uint8_t> stays = RasterOf(list, list.objects[1]);
    const std::vector<uint8_t> tiny = RasterOf(list, list.objects[2]);
    Bitmap picture(kSize);
    std::ranges::fill(picture.bytes, uint8_t{10});
    for (size_t i = 0; i < stays.size(); ++i) {
      stays[i] |= tiny[i];
      if (stays[i] != 0) picture.bytes[3 * i + 2] = 255;
    }
    // The object goes far away.
    const OpUnderTest op("scale = 0.2\nshift_div = [1.5, 1.5]\nedge_margin = 0\n");
    const Bitmap out = op.Ran(picture, id, &list);
    std::vector<uint8_t> pasted = RasterOf(list, list.objects[0]), spare(pasted.size());
    GrowMask(kSize, 3, pasted, spare);
    for (size_t i = 0; i < stays.size(); ++i) {
      if (stays[i] != 0 && pasted[i] == 0) {
        ASSERT_EQ(out.bytes[3 * i + 2], 255) << i;
      }
    }
  }
}

TEST(InstaboostTest, WhatIsPastedOverLosesItsMask) {
  bool occluded = false, dropped = false;
  for (uint64_t id = 0; id < 40; ++id) {
    ObjectList list;
    list.Clear(kSize);
    AddOutline(&list, {BoxRing(60, 60, 50, 50)});
    AddOutline(&list, {BoxRing(111, 60, 4, 3)});  // stays: too small
    AddOutline(&list, {BoxRing(111, 80, 40, 30)});
    const Bitmap picture = MakePicture(kSize, 3);
    ObjectList kept = list;
    const std::string body = "scale = 1\nrotate = 0\nshift_div = [5, 50]\nedge_margin = 0\n";
    const Bitmap out = OpUnderTest(body).Ran(picture, id, &list);
    const Bitmap same = OpUnderTest(body + "occlusion = \"none\"\n").Ran(picture, id, &kept);
    EXPECT_EQ(out, same);
    const std::vector<uint8_t> first = RasterOf(list, list.objects[0]);
    const std::vector<uint8_t> last = RasterOf(list, list.objects[2]);
    EXPECT_EQ(last, RasterOf(kept, kept.objects[2])) << "the last one is on top";
    const std::vector<uint8_t> whole = RasterOf(kept, kept.objects[0]);
    EXPECT_EQ(kept.objects[0].flags, kObjectMoved);
    size_t lost = 0;
    for (size_t i = 0; i < first.size(); ++i) {
      ASSERT_LE(first[i], whole[i]);
      lost += whole[i] - first[i];
      if (whole[i] > first[i]) {
        ASSERT_EQ(last[i], 1) << "hidden by what lies above";
      }
    }
    EXPECT_EQ((list.objects[0].flags & kObjectOccluded) != 0, lost > 0);
    EXPECT_EQ(list.objects[0].shape, lost > 0 ? ObjectShape::kMask : ObjectShape::kPolygons);
    occluded = occluded || lost > 0;
    dropped = dropped || (list.objects[1].flags & kObjectDropped) != 0;
    EXPECT_EQ(kept.objects[1].flags, 0);
  }
  EXPECT_TRUE(occluded && dropped);
}

// What an earlier crop cut off, or lies outside by the annotation, is no loss of this op.
TEST(InstaboostTest, EarlierCropsDropNothing) {
  const Bitmap picture = MakePicture(kSize, 3);
  bool occluded = false;
  for (uint64_t id = 0; id < 40; ++id) {
    ObjectList list;
    list.Clear(kSize);
    AddOutline(&list, {BoxRing(60, 0, 120, 12)});
    AddOutline(&list, {BoxRing(60, 60, 50, 50)});
    AddOutline(&list, {BoxRing(111, 60, 40, 12)})->crowd = true;
    AddOutline(&list, {BoxRing(105, 112, 3, 5)});  // stays: too small
    std::vector<uint8_t> mask(30 * 20, 1);
    std::vector<uint32_t> runs;
    AppendRuns(kSize, {200, 160, 30, 20}, mask, &runs);
    AddRuns(&list, runs);
    OpUnderTest("shift_div = [15, 6]\n").Ran(picture, id, &list);
    for (const Object& object : list.objects) {
      // The one that stays may be hidden for most of it.
      const bool tiny = object.id == list.objects[3].id;
      const std::vector<uint8_t> left = RasterOf(list, object);
      if (tiny && std::count(left.begin(), left.end(), 1) < 2) continue;
      EXPECT_FALSE(object.flags & kObjectDropped) << object.id << " of " << id;
      occluded = occluded || (tiny && (object.flags & kObjectOccluded) != 0);
    }
  }
  EXPECT_TRUE(occluded);
}

// Cut at opposite sides and not made larger, an object cannot go anywhere.
TEST(InstaboostTest, WhatDoesNotMoveIsNotPaintedAgain) {
  const SizePx size{100, 100};
  const Bitmap picture = MakePicture(size, 3);
  for (uint64_t id = 0; id < 4; ++id) {
    ObjectList list;
    list.Clear(size);
    AddOutline(&list,
               {{{0, 0}, {100, 0}, {100, 100}, {0, 100}, {0, 70}, {60, 70}, {60, 30}, {0, 30}}});
    const ObjectList before = list;
    EXPECT_EQ(OpUnderTest("scale = 0.9\n").Ran(picture, id, &list), picture);
    EXPECT_TRUE(SameObjects(list, before));
  }
}

TEST(InstaboostTest, WhatLeavesThePictureIsDropped) {
  ObjectList list;
  list.Clear(kSize);
  AddOutline(&list, {BoxRing(100, 80, 30, 30)});
  const Bitmap picture = MakePicture(kSize, 3);
  bool dropped = false;
  for (uint64_t id = 0; id < 20 && !dropped; ++id) {
    ObjectList moved = list;
    OpUnderTest("shift_div = [0.1, 0.1]\n").Ran(picture, id, &moved);
    dropped = moved.objects[0].flags == (kObjectMoved | kObjectClipped | kObjectDropped);
  }
  EXPECT_TRUE(dropped);
}

TEST(InstaboostTest, ItsKeyIsItsDraw) {
  const Bitmap picture = MakePicture(kSize, 6);
  const OpUnderTest op("heatmap = true\nactions = { normal = 2, hflip = 1, skip = 1 }\n");
  for (uint64_t id = 0; id < 5; ++id) {
    std::string toml;
    op.op().Explain(op.DrawOf(kSize, id), &toml);
    const OpUnderTest again(toml);
    ObjectList a = SomeObjects(kSize);
    ObjectList b = a;
    EXPECT_EQ(again.Ran(picture, id + 50, &a), op.Ran(picture, id, &b)) << toml;
    EXPECT_TRUE(SameObjects(a, b));
    std::string twice;
    again.op().Explain(again.DrawOf(kSize, id + 50), &twice);
    EXPECT_EQ(twice, toml);
  }
  ExpectReplays(ParsedOp("op = \"instaboost\"\np = 0.5\n"), MakePicture({33, 21}, 4), 10);
}

// Old contents of the scratch and of the pools are no part of the result.
TEST(InstaboostTest, ResultsDependOnNothingElse) {
  const Bitmap picture = MakePicture(kSize, 6);
  for (const char* body : {"", "heatmap = true\n", "max_groups = 2\n", "crowd = \"moves\"\n",
                           "fill = \"none\"\n", "feather = 0\n", "dilate = 9\n"}) {
    const OpUnderTest op(body);
    for (uint64_t id = 0; id < 4; ++id) {
      ObjectList first = SomeObjects(kSize);
      ObjectList second = first;
      const OpDraw draw = op.DrawOf(kSize, id);
      std::vector<Bitmap> results;
      for (const uint8_t dirt : {0, 255}) {
        GuardedScratch output(op.op().OutputBytes(draw)), scratch(op.op().ScratchBytes(draw));
        std::ranges::fill(scratch.span(), std::byte{dirt});
        std::ranges::fill(output.span(), std::byte{dirt});
        Picture result{.pixels = picture.view()};
        ASSERT_TRUE(op.op()
                        .Run(draw,
                             {.output = output.span(),
                              .scratch = scratch.span(),
                              .objects = dirt == 0 ? &first : &second},
                             &result)
                        .ok());
        results.push_back(Copied(result.pixels, simd::FlipColumns::kNo));
      }
      EXPECT_EQ(results[0], results[1]) << body;
      EXPECT_TRUE(SameObjects(first, second)) << body;
    }
  }
}

TEST(InstaboostTest, NothingIsAllocatedOnceThePoolsAreLargeEnough) {
  const Bitmap picture = MakePicture(kSize, 6);
  const OpUnderTest op("heatmap = true\nedge_margin = 0\n");
  const OpDraw draw = op.DrawOf(kSize, 1);
  GuardedScratch output(op.op().OutputBytes(draw)), scratch(op.op().ScratchBytes(draw));
  const ObjectList before = SomeObjects(kSize);
  ObjectList list = before;
  const auto run = [&] {
    list.Clear(kSize);
    list.objects = before.objects;
    list.rings.insert(list.rings.end(), before.rings.begin(), before.rings.end());
    list.points.insert(list.points.end(), before.points.begin(), before.points.end());
    list.runs.insert(list.runs.end(), before.runs.begin(), before.runs.end());
    Picture result{.pixels = picture.view()};
    return op.op()
        .Run(draw, {.output = output.span(), .scratch = scratch.span(), .objects = &list}, &result)
        .ok();
  };
  ASSERT_TRUE(run());
  const uint64_t allocations = testing::AllocationCount();
  ASSERT_TRUE(run());
  EXPECT_EQ(testing::AllocationCount(), allocations);
}

TEST(InstaboostTest, OddPicturesAndObjectsDoNoHarm) {
  for (const SizePx size : {SizePx{1, 1}, {1, 90}, {90, 1}, {17, 16}, {64, 61}, {300, 5}}) {
    for (const char* body : {"heatmap = true\nfeather = 64\ndilate = 64\n",
                             "scale = [0.001, 100]\nrotate = 180\nshift_div = [0.01, 0.01]\n",
                             "actions = { hflip = 1, vflip = 1 }\nedge_margin = 0\n"}) {
      const OpUnderTest op(body);
      for (uint64_t id = 0; id < 6; ++id) {
        RandomStream stream({.seed = 5, .unit = id, .name = "odd test"});
        ObjectList list;
        list.Clear(size);
        AddOutline(&list, {BoxRing(0, 0, size.width, size.height)});  // all of it
        AddOutline(&list, {BoxRing(0, 0, size.width, size.height)}, ObjectShape::kBox);
        AddOutline(&list, {});
        AddRuns(&list, std::vector<uint32_t>{0, size.width * size.height});
        AddRuns(&list, std::vector<uint32_t>{size.width * size.height});
        AddOutline(&list, {RandomRing(size, &stream), RandomRing(size, &stream)});
        AddOutline(&list, {Ring(4, PointF{2, 2})}, ObjectShape::kBox);
        const size_t count = list.objects.size();
        EXPECT_EQ(op.Ran(MakePicture(size, 1), id, &list).size, size);
        EXPECT_EQ(list.objects.size(), count);
      }
    }
  }
}

// Half green, half sky, with noise.
Bitmap GreenBelowSky(SizePx size) {
  Bitmap picture = MakePicture(size, 9);
  for (uint32_t y = 0; y < size.height; ++y) {
    for (uint32_t x = 0; x < size.width; ++x) {
      uint8_t* pixel = &picture.bytes[(size_t{y} * size.width + x) * 3];
      const int noise = pixel[0] / 8 - 16;
      const bool sky = y < size.height / 2;
      pixel[0] = static_cast<uint8_t>((sky ? 120 : 60) + noise);
      pixel[1] = static_cast<uint8_t>((sky ? 170 : 140) + noise);
      pixel[2] = static_cast<uint8_t>((sky ? 230 : 50) + noise);
    }
  }
  return picture;
}

// An object in the green stays in the green.
TEST(InstaboostTest, TheHeatMapKnowsItsSide) {
  const SizePx size{640, 480};
  const Bitmap picture = GreenBelowSky(size);
  ObjectList list;
  list.Clear(size);
  AddOutline(&list, {BoxRing(280, 340, 70, 60)});
  AddOutline(&list, {BoxRing(2, 420, 50, 55)});  // in a corner
  ScratchCursor measured;
  HeatMap unused(size, &measured);
  GuardedScratch memory(measured.bytes());
  ScratchCursor scratch(memory.span());
  HeatMap heat(size, &scratch);
  heat.Prepare(picture.view(), list);
  const MovableObject objects[] = {{.object = 0, .box = {280, 340, 70, 60}},
                                   {.object = 1, .box = {2, 420, 50, 55}}};
  for (const MovableObject& object : objects) {
    const auto map = heat.MapOf(list, {&object, 1}, object.box, HeatNorm::kRenorm);
    double above = 0, all = 0;
    for (size_t i = 0; i < map.size(); ++i) {
      all += map[i];
      if (i / heat.cells().width < heat.cells().height / 2) above += map[i];
    }
    EXPECT_GT(all, 0);
    EXPECT_LE(above, 0.1 * all) << object.object;
    for (int i = 0; i < 200; ++i) {
      const auto place = heat.Choose(
          {.threshold = 0.1 * (i % 10), .index = i / 200.0, .cell_x = 0.5, .cell_y = 0.999});
      ASSERT_TRUE(place.has_value());
      EXPECT_GT(place->y, 240);
      // Most of it stays in the picture.
      const double inside_x = std::min(place->x + object.box.width / 2.0, 640.0) -
                              std::max(place->x - object.box.width / 2.0, 0.0);
      const double inside_y = std::min(place->y + object.box.height / 2.0, 480.0) -
                              std::max(place->y - object.box.height / 2.0, 0.0);
      EXPECT_GT(inside_x * inside_y, 0.6 * object.box.width * object.box.height);
    }
  }
}

// Cells are whole: of 299 columns and 239 rows the last two belong to none.
TEST(InstaboostTest, TheHeatMapKnowsWhatLiesBeyondItsCells) {
  const SizePx size{299, 239};
  const Bitmap picture = GreenBelowSky(size);
  for (const RectPx& box : {RectPx{297, 150, 2, 30}, {150, 237, 30, 2}, {297, 237, 2, 2}}) {
    ObjectList list;
    list.Clear(size);
    AddOutline(&list, {BoxRing(box.x, box.y, box.width, box.height)});
    ScratchCursor measured;
    HeatMap unused(size, &measured);
    GuardedScratch memory(measured.bytes());
    ScratchCursor scratch(memory.span());
    HeatMap heat(size, &scratch);
    ASSERT_EQ(heat.cells(), (SizePx{99, 79}));
    heat.Prepare(picture.view(), list);
    const MovableObject object{.object = 0, .box = box};
    const auto map = heat.MapOf(list, {&object, 1}, box, HeatNorm::kRenorm);
    double above = 0, all = 0;
    for (size_t i = 0; i < map.size(); ++i) {
      all += map[i];
      if (i / heat.cells().width < heat.cells().height / 2) above += map[i];
    }
    EXPECT_GT(all, 0);
    EXPECT_LE(above, 0.1 * all) << box.x << ", " << box.y;
  }
}

TEST(InstaboostTest, RefusesWhatItCannotTake) {
  const struct {
    std::map<std::string, ParamValue> params;
    const char* word;
  } cases[] = {{{{"actions", std::vector<double>{0, 0, 0, 0}}}, "actions"},
               {{{"actions", std::vector<double>{1, -1, 0, 0}}}, "actions"},
               {{{"actions", std::vector<double>{1}}}, "actions"},
               {{{"shift_div", std::vector<double>{0, 1}}}, "shift_div"},
               {{{"scale", Range{0, 1}}}, "scale"},
               {{{"fill", std::string("telea")}}, "pushpull"},
               {{{"feather", int64_t{65}}}, "feather"},
               {{{"max_groups", int64_t{0}}}, "max_groups"},
               {{{"key", int64_t{-1}}}, "key"},
               {{{"integer", true}, {"rotate", Range{0.2, 0.8}}}, "rotate"}};
  for (const auto& bad : cases) {
    ConfigError error;
    EXPECT_EQ(MakeOp(MakeOpConfig("instaboost", bad.params), &error), nullptr) << bad.word;
    EXPECT_NE(error.text.find(bad.word), std::string::npos) << error.text;
    EXPECT_NE(error.text.find("instaboost"), std::string::npos) << error.text;
  }
}

}  // namespace
}  // namespace headrace::loader
