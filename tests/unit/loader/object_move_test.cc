// The pure parts of moving objects: the similarity, outlines and masks, pasting, what is hidden.
#include "loader/objects/move_object.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "loader/objects/group_draws.h"
#include "loader/objects/instance_alpha.h"
#include "loader/objects/paste.h"
#include "tests/unit/loader/augment_pictures.h"
#include "tests/unit/loader/object_lists.h"

namespace headrace::loader {
namespace {

uint64_t RasterAreaOf(const ObjectList& list, const Object& object) {
  const std::vector<uint8_t> mask = RasterOf(list, object);
  return static_cast<uint64_t>(std::count(mask.begin(), mask.end(), 1));
}

void Move(const Similarity& move, ObjectList* list, Object* object) {
  std::vector<uint8_t> a(size_t{list->size.width} * list->size.height), b(a.size());
  MoveObject(move, {a, b}, list, object);
}

// An outline with an edge in every direction.
Ring Star(PointF centre, double radius) {
  Ring ring;
  for (int i = 0; i < 14; ++i) {
    const double angle = i * 6.283185307179586 / 14;
    const double r = radius * (i % 2 == 0 ? 1 : 0.6);
    ring.push_back({centre.x + r * std::cos(angle), centre.y + r * std::sin(angle)});
  }
  return ring;
}

TEST(SimilarityTest, GoesThereAndBack) {
  for (uint64_t unit = 0; unit < 100; ++unit) {
    RandomStream stream({.seed = 1, .unit = unit, .name = "similarity test"});
    Similarity move{.centre = {stream.NextUniform(0, 500), stream.NextUniform(0, 500)},
                    .shift = {stream.NextUniform(-50, 50), stream.NextUniform(-50, 50)},
                    .scale = stream.NextLogUniform(0.1, 10),
                    .flip_x = stream.NextBelow(2) == 1,
                    .flip_y = stream.NextBelow(2) == 1};
    move.Turn(stream.NextUniform(-180, 180));
    const PointMap map = move.Map();
    const PointF p{stream.NextUniform(0, 500), stream.NextUniform(0, 500)};
    const PointF q = move.Forward(p);
    EXPECT_NEAR(map.Forward(p).x, q.x, 1e-8);
    EXPECT_NEAR(map.Forward(p).y, q.y, 1e-8);
    EXPECT_NEAR(map.Back(q).x, p.x, 1e-8);
    EXPECT_NEAR(map.Back(q).y, p.y, 1e-8);
  }
}

TEST(SimilarityTest, AnglesAbove0TurnClockwiseOnTheScreen) {
  Similarity move{.centre = {10, 10}};
  move.Turn(90);
  EXPECT_NEAR(move.Forward({12, 10}).y, 12, 1e-12);  // what was right is below
  EXPECT_NEAR(move.Forward({12, 10}).x, 10, 1e-12);
}

TEST(MoveObjectTest, OutlinesKeepTheirAreaTimesTheScale) {
  for (uint64_t unit = 0; unit < 60; ++unit) {
    RandomStream stream({.seed = 2, .unit = unit, .name = "move test"});
    ObjectList list;
    list.Clear({400, 400});
    Object* object = AddOutline(&list, {Star({200, 200}, 60)});
    const double before = ShoelaceOf(list, *object);
    const auto raster_before = static_cast<double>(RasterAreaOf(list, *object));
    Similarity move{.centre = {200, 200},
                    .shift = {stream.NextUniform(-40, 40), stream.NextUniform(-40, 40)},
                    .scale = stream.NextUniform(0.8, 1.2),
                    .flip_x = stream.NextBelow(2) == 1};
    move.Turn(stream.NextUniform(-45, 45));
    Move(move, &list, object);
    const double scale2 = move.scale * move.scale;
    EXPECT_NEAR(ShoelaceOf(list, *object), scale2 * before, 1e-4 * before);
    EXPECT_NEAR(static_cast<double>(RasterAreaOf(list, *object)), scale2 * raster_before,
                0.02 * scale2 * raster_before);
    EXPECT_EQ(object->flags, kObjectMoved);
  }
}

TEST(MoveObjectTest, TwoMirrorImagesAreNone) {
  ObjectList list;
  list.Clear({400, 400});
  const Ring ring = Star({150, 200}, 60);
  Object* object = AddOutline(&list, {ring});
  const Similarity mirror{.centre = {150, 200}, .flip_x = true};
  Move(mirror, &list, object);
  EXPECT_NEAR(list.PointsOf(list.RingsOf(*object)[0])[0].x, 90, 1e-9);
  Move(mirror, &list, object);
  const auto points = list.PointsOf(list.RingsOf(*object)[0]);
  for (size_t i = 0; i < ring.size(); ++i) {
    EXPECT_NEAR(points[i].x, ring[i].x, 1e-9);
    EXPECT_NEAR(points[i].y, ring[i].y, 1e-9);
  }
}

TEST(MoveObjectTest, OutlinesAreCutAtThePicturesSides) {
  for (uint64_t unit = 0; unit < 100; ++unit) {
    RandomStream stream({.seed = 4, .unit = unit, .name = "clip test"});
    ObjectList list;
    list.Clear({60, 50});
    Object* object = AddOutline(&list, {Star({30, 25}, 20), BoxRing(5, 5, 8, 8)});
    const Similarity move{.centre = {30, 25},
                          .shift = {stream.NextUniform(-70, 70), stream.NextUniform(-70, 70)}};
    // The whole, moved in a picture that holds it.
    ObjectList large;
    large.Clear({260, 250});
    Object* twin = AddOutline(&large, {Star({130, 125}, 20), BoxRing(105, 105, 8, 8)});
    Similarity far = move;
    far.centre = {130, 125};
    Move(far, &large, twin);
    Move(move, &list, object);
    const std::vector<uint8_t> whole = RasterOf(large, *twin, {100, 100, 60, 50});
    ASSERT_EQ(RasterOf(list, *object), whole) << unit;
    for (const ObjectRing& ring : list.RingsOf(*object)) {
      for (const PointF& p : list.PointsOf(ring)) {
        ASSERT_TRUE(p.x >= 0 && p.y >= 0 && p.x <= 60 && p.y <= 50);
      }
    }
    const uint64_t all = RasterAreaOf(large, *twin);
    const auto inside = static_cast<uint64_t>(std::count(whole.begin(), whole.end(), 1));
    if (inside < all) {
      EXPECT_TRUE(object->flags & kObjectClipped);
    }
  }
}

TEST(MoveObjectTest, MasksMoveByWholePixelsExactly) {
  ObjectList list;
  list.Clear({40, 30});
  AddOutline(&list, {Star({15, 15}, 9)});
  const std::vector<uint8_t> mask = RasterOf(list, list.objects[0]);
  std::vector<uint32_t> runs;
  AppendRuns(list.size, WholeOf(list.size), mask, &runs);
  Object* object = AddRuns(&list, runs);
  Move({.centre = {15, 15}, .shift = {7, 4}}, &list, object);
  const std::vector<uint8_t> moved = RasterOf(list, *object);
  for (uint32_t y = 0; y < 30; ++y) {
    for (uint32_t x = 0; x < 40; ++x) {
      const uint8_t expected = x >= 7 && y >= 4 ? mask[(y - 4) * 40 + x - 7] : 0;
      ASSERT_EQ(moved[y * 40 + x], expected) << x << ", " << y;
    }
  }
  EXPECT_EQ(object->flags, kObjectMoved);
  // Half of it beyond the left side.
  Move({.centre = {15, 15}, .shift = {-22, 0}}, &list, object);
  EXPECT_EQ(object->flags, kObjectMoved | kObjectClipped);
  EXPECT_LT(RasterAreaOf(list, *object), 200u);
  EXPECT_GT(RasterAreaOf(list, *object), 60u);
}

// Beyond the side is rounding, or a corner of the box in which there is nothing: nothing is cut.
TEST(MoveObjectTest, OnlyWhatLosesAPartIsClipped) {
  ObjectList list;
  list.Clear({60, 50});
  AddOutline(&list, {BoxRing(20, 10, 20, 20)});
  Move({.centre = {30, 20}, .shift = {-20.4, 0}}, &list, &list.objects[0]);
  EXPECT_EQ(list.objects[0].flags, kObjectMoved);
  for (const PointF& p : list.PointsOf(list.RingsOf(list.objects[0])[0])) EXPECT_GE(p.x, 0);
  AddOutline(&list, {BoxRing(20, 10, 20, 20)});
  Move({.centre = {30, 20}, .shift = {20.6, 0}}, &list, &list.objects[1]);
  EXPECT_EQ(list.objects[1].flags, kObjectMoved | kObjectClipped);

  // A diamond whose tips are at the sides, turned: the corners of its box leave the picture.
  list.Clear({50, 50});
  AddOutline(&list, {{{25, 1}, {49, 25}, {25, 49}, {1, 25}}});
  std::vector<uint32_t> runs;
  AppendRuns(list.size, WholeOf(list.size), RasterOf(list, list.objects[0]), &runs);
  AddRuns(&list, runs);
  Similarity move{.centre = {25, 25}};
  move.Turn(45);
  Move(move, &list, &list.objects[1]);
  EXPECT_EQ(list.objects[1].flags, kObjectMoved);
  Move({.centre = {25, 25}, .shift = {12, 0}}, &list, &list.objects[1]);
  EXPECT_EQ(list.objects[1].flags, kObjectMoved | kObjectClipped);
}

TEST(MoveObjectTest, ABoxStaysABox) {
  ObjectList list;
  list.Clear({100, 100});
  Object* object = AddOutline(&list, {BoxRing(40, 40, 20, 20)}, ObjectShape::kBox);
  Similarity move{.centre = {50, 50}};
  move.Turn(45);
  Move(move, &list, object);
  EXPECT_EQ(list.RingsOf(*object)[0].count, 4u);
  move = {.centre = {50, 50}, .shift = {45, 0}};
  Move(move, &list, object);  // a corner is cut off
  EXPECT_EQ(object->shape, ObjectShape::kBox);
  ASSERT_EQ(object->count, 1u);
  EXPECT_EQ(list.RingsOf(*object)[0].count, 5u);
}

TEST(HideObjectTest, TakesWhatLaterPastesCover) {
  ObjectList list;
  list.Clear({20, 10});
  AddOutline(&list, {BoxRing(2, 2, 10, 6)});
  Object& object = list.objects[0];
  std::vector<uint16_t> last(200);
  for (uint32_t y = 0; y < 10; ++y) {
    for (uint32_t x = 8; x < 20; ++x) last[y * 20 + x] = 3;
  }
  std::vector<uint8_t> mask(200);
  // Its own paste and one that covers other places hide nothing.
  EXPECT_EQ(HideObject({last, 3}, WholeOf(list.size), mask, &list, &object), 0u);
  EXPECT_EQ(HideObject({last, 0}, {14, 0, 6, 10}, mask, &list, &object), 0u);
  EXPECT_EQ(object.shape, ObjectShape::kPolygons);
  EXPECT_EQ(HideObject({last, 2}, WholeOf(list.size), mask, &list, &object), 60u);
  EXPECT_EQ(object.shape, ObjectShape::kMask);
  EXPECT_EQ(object.flags, kObjectOccluded);
  EXPECT_EQ(BoundsOf(list, object), (RectPx{2, 2, 6, 6}));
  EXPECT_EQ(RasterAreaOf(list, object), 36u);
}

TEST(HideObjectTest, DropsWhatIsHardlySeen) {
  ObjectList list;
  list.Clear({20, 20});
  AddOutline(&list, {BoxRing(2, 2, 5, 2)});
  Object& object = list.objects[0];
  std::vector<uint8_t> mask(400);
  DropIfHidden(0.1, 100, mask, list, &object);
  EXPECT_EQ(object.flags, 0);
  DropIfHidden(0.1, 101, mask, list, &object);
  EXPECT_EQ(object.flags, kObjectDropped);
  // Less than a pixel is never kept.
  AddOutline(&list, {BoxRing(2.6, 2.6, 0.3, 0.3)});
  DropIfHidden(0, 0.09, mask, list, &list.objects[1]);
  EXPECT_EQ(list.objects[1].flags, kObjectDropped);
}

TEST(GrowMaskTest, IsTheSquareAroundEveryPixel) {
  for (const uint32_t pixels : {0u, 1u, 2u, 5u, 64u}) {
    const SizePx size{23, 19};
    std::vector<uint8_t> mask(23 * 19), spare(mask.size());
    RandomStream stream({.seed = 5, .unit = pixels, .name = "grow test"});
    for (uint8_t& value : mask) value = stream.NextBelow(60) == 0 ? 1 : 0;
    const std::vector<uint8_t> before = mask;
    GrowMask(size, pixels, mask, spare);
    for (int y = 0; y < 19; ++y) {
      for (int x = 0; x < 23; ++x) {
        uint8_t expected = 0;
        for (int v = 0; v < 19; ++v) {
          for (int u = 0; u < 23; ++u) {
            const int distance = std::max(std::abs(u - x), std::abs(v - y));
            if (distance <= static_cast<int>(pixels)) expected |= before[v * 23 + u];
          }
        }
        ASSERT_EQ(mask[y * 23 + x], expected) << pixels << " at " << x << ", " << y;
      }
    }
  }
}

TEST(EllipseTest, ItsAreaAndItsEdgeAreTheFormulas) {
  const RectPx window{10, 20, 60, 40};
  const RectPx box{15, 25, 50, 30};
  std::vector<uint8_t> mask(60 * 40);
  AddEllipse(EllipseOf(box), window, mask);
  const double area = 3.14159265 / 4 * 50 * 30;
  EXPECT_NEAR(static_cast<double>(std::count(mask.begin(), mask.end(), 1)), area, 0.01 * area);
  std::vector<uint8_t> alpha(AlphaBytes(window.size()));
  RaiseToEllipse(EllipseOf(box), window, alpha);
  for (uint32_t y = 0; y < 40; ++y) {
    for (uint32_t x = 0; x < 60; ++x) {
      const double rx = (10 + x + 0.5 - 40) / 25;
      const double ry = (20 + y + 0.5 - 40) / 15;
      const double t = std::clamp((1.15 - std::sqrt(rx * rx + ry * ry)) / 0.3, 0.0, 1.0);
      EXPECT_NEAR(alpha[(y + 1) * 62 + x + 1], 255 * t * t * (3 - 2 * t), 0.51);
    }
  }
  // The same from its corners, in turn.
  const Ellipse of_ring = EllipseOf(BoxRing(15, 25, 50, 30));
  EXPECT_EQ(of_ring.centre, EllipseOf(box).centre);
  EXPECT_EQ(of_ring.half_a, EllipseOf(box).half_a);
}

TEST(PasteTest, IsBilinearToTheLastBit) {
  const Bitmap source = MakePicture({50, 40}, 3);
  for (uint64_t unit = 0; unit < 20; ++unit) {
    RandomStream stream({.seed = 6, .unit = unit, .name = "paste test"});
    Similarity move{.centre = {25, 20},
                    .shift = {stream.NextUniform(-9, 9), stream.NextUniform(-9, 9)},
                    .scale = stream.NextUniform(0.5, 2),
                    .flip_x = stream.NextBelow(2) == 1};
    move.Turn(stream.NextUniform(-40, 40));
    Bitmap out(source.size);
    const std::vector<uint8_t> opaque(50 * 40, 255);
    Paste(source.view(), move, WholeOf(source.size), opaque, out.view());
    const PointMap map = move.Map();
    int unequal = 0;
    for (uint32_t y = 0; y < 40; ++y) {
      for (uint32_t x = 0; x < 50; ++x) {
        const PointF p = map.Back({x + 0.5, y + 0.5});
        // To 1/256 of a pixel.
        const double u = std::floor((p.x - 0.5) * 256 + 0.5) / 256;
        const double v = std::floor((p.y - 0.5) * 256 + 0.5) / 256;
        for (int c = 0; c < 3; ++c) {
          const auto at = [&](double tap_x, double tap_y) {
            const auto column = static_cast<size_t>(std::clamp(tap_x, 0.0, 49.0));
            const auto row = static_cast<size_t>(std::clamp(tap_y, 0.0, 39.0));
            return static_cast<double>(source.bytes[(row * 50 + column) * 3 + c]);
          };
          const double fu = u - std::floor(u);
          const double fv = v - std::floor(v);
          const double value = (at(std::floor(u), std::floor(v)) * (1 - fu) +
                                at(std::floor(u) + 1, std::floor(v)) * fu) *
                                   (1 - fv) +
                               (at(std::floor(u), std::floor(v) + 1) * (1 - fu) +
                                at(std::floor(u) + 1, std::floor(v) + 1) * fu) *
                                   fv;
          const int expected = static_cast<int>(std::floor(value + 0.5));
          unequal += out.bytes[(y * 50 + x) * 3 + c] == expected ? 0 : 1;
        }
      }
    }
    // A place at the very edge of 1/256 may fall to the other side in f64.
    EXPECT_LE(unequal, 12) << unit;
  }
}

TEST(WarpAlphaTest, ShowsTheWindowAndNothingElse) {
  const RectPx window{8, 6, 20, 10};
  std::vector<uint8_t> alpha(AlphaBytes(window.size()));
  for (uint32_t y = 0; y < 10; ++y) {
    for (uint32_t x = 0; x < 20; ++x) alpha[(y + 1) * 22 + x + 1] = static_cast<uint8_t>(x * 9 + y);
  }
  std::vector<uint8_t> out(60 * 40, 77);
  WarpAlpha({.centre = {18, 11}, .shift = {5, 3}}, window, alpha, {0, 0, 60, 40}, out);
  for (uint32_t y = 0; y < 40; ++y) {
    for (uint32_t x = 0; x < 60; ++x) {
      const bool inside = x >= 13 && x < 33 && y >= 9 && y < 19;
      ASSERT_EQ(out[y * 60 + x], inside ? (x - 13) * 9 + (y - 9) : 0) << x << ", " << y;
    }
  }
  // Mirrored, both ways and far out of the picture: in every case each target pixel is written.
  Similarity mirror{.centre = {18, 11}, .flip_x = true, .flip_y = true};
  std::ranges::fill(out, uint8_t{255});
  WarpAlpha(mirror, window, alpha, {0, 0, 60, 40}, out);
  EXPECT_EQ(out[6 * 60 + 8], 19 * 9 + 9);
  EXPECT_EQ(std::count(out.begin(), out.end(), 255), 0);
  mirror.shift = {1e6, -1e6};
  WarpAlpha(mirror, window, alpha, {0, 0, 60, 40}, out);
  EXPECT_EQ(std::count(out.begin(), out.end(), 0), 60 * 40);
}

TEST(GroupDrawsTest, TakeNineWordsAlways) {
  MoveRanges whole;
  whole.whole_numbers = true;
  MoveRanges skip;
  skip.actions = {0, 0, 0, 1};
  for (const MoveRanges& ranges : {MoveRanges{}, whole, skip}) {
    RandomStream stream({.seed = 1, .name = "nine"});
    RandomStream words({.seed = 1, .name = "nine"});
    DrawGroup(ranges, {0, 0, 100, 70}, &stream);
    for (int i = 0; i < 9; ++i) words.NextU32();
    EXPECT_EQ(stream.NextU32(), words.NextU32());
  }
}

TEST(GroupDrawsTest, StayWithinTheirRanges) {
  MoveRanges ranges;
  ranges.actions = {1, 2, 0, 1};
  MoveRanges whole = ranges;
  whole.whole_numbers = true;
  const RectPx box{50, 50, 160, 95};
  int actions[4] = {0, 0, 0, 0};
  int turned[3] = {0, 0, 0};
  RandomStream stream({.seed = 9, .name = "ranges"});
  for (int i = 0; i < 4000; ++i) {
    const GroupDraws draws = DrawGroup(ranges, box, &stream);
    ++actions[static_cast<size_t>(draws.action)];
    ASSERT_TRUE(draws.scale >= 0.8 && draws.scale <= 1.2);
    ASSERT_LE(std::abs(draws.shift.x), 160 / 15.0);
    ASSERT_LE(std::abs(draws.shift.y), 95 / 15.0);
    ASSERT_LE(std::abs(draws.degrees), 1);
    const GroupDraws of_whole = DrawGroup(whole, box, &stream);
    ASSERT_TRUE(std::abs(of_whole.shift.x) <= 10 && std::abs(of_whole.shift.y) <= 6);
    ASSERT_EQ(of_whole.shift.x, std::trunc(of_whole.shift.x));
    ++turned[static_cast<int>(of_whole.degrees) + 1];
  }
  EXPECT_NEAR(actions[0], 1000, 120);
  EXPECT_NEAR(actions[1], 2000, 150);
  EXPECT_EQ(actions[2], 0);
  for (const int count : turned) EXPECT_NEAR(count, 4000 / 3.0, 150);
}

TEST(GroupDrawsTest, AnObjectAtASideKeepsToIt) {
  const MoveRanges ranges;
  const GroupDraws draws{
      .action = GroupAction::kFlipX, .scale = 0.9, .shift = {5, -5}, .degrees = 1};
  const SizePx picture{200, 100};
  const Similarity inside = MoveOf(ranges, draws, {60, 40, 20, 20}, picture, {});
  EXPECT_TRUE(inside.flip_x);
  EXPECT_EQ(inside.scale, 0.9);
  EXPECT_EQ(inside.shift, (PointF{5, -5}));
  EXPECT_NE(inside.sine, 0);
  const struct {
    RectPx box;
    PointF shift;
  } cases[] = {{{9, 40, 20, 20}, {0, -5}},    // left
               {{171, 40, 20, 20}, {5, -5}},  // right
               {{60, 9, 20, 20}, {5, -5}},    // top
               {{60, 71, 20, 20}, {5, 0}},    // bottom
               {{9, 40, 182, 20}, {0, -5}},   // left and right
               {{60, 5, 20, 90}, {5, 0}}};    // top and bottom
  for (const auto& at : cases) {
    const Similarity move = MoveOf(ranges, draws, at.box, picture, {});
    EXPECT_EQ(move.shift, at.shift) << at.box.x << ", " << at.box.y;
    EXPECT_EQ(move.scale, 1);
    EXPECT_FALSE(move.flip_x);
    EXPECT_EQ(move.sine, 0);
    // A place that was chosen for it has its own rule.
    const Similarity placed = MoveOf(ranges, draws, at.box, picture, PointF{80, 50});
    EXPECT_EQ(placed.scale, 0.9);
    const PointF centre{at.box.x + at.box.width / 2.0, at.box.y + at.box.height / 2.0};
    EXPECT_NEAR(placed.Forward(centre).x, 80, 1e-9);
    EXPECT_NEAR(placed.Forward(centre).y, 50, 1e-9);
  }
}

}  // namespace
}  // namespace headrace::loader
