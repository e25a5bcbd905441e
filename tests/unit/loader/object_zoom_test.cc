// object_zoom: its pure parts, the op on a picture with and without objects, its place in a list.
#include "loader/augment/object_zoom.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "loader/augment/random_resized_crop.h"
#include "loader/objects/object_mover.h"
#include "loader/objects/zoom_box.h"
#include "loader/saliency/saliency.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/augment_replay.h"
#include "tests/unit/loader/object_lists.h"
#include "tests/unit/loader/object_op_under_test.h"

namespace headrace::loader {
namespace {

constexpr SizePx kSize{320, 240};

// A disc in red, with a texture, on ground that is nearly even. Returns its box.
ZoomBox AddDisc(double x, double y, double radius, Bitmap* picture) {
  for (uint32_t row = 0; row < picture->size.height; ++row) {
    for (uint32_t column = 0; column < picture->size.width; ++column) {
      uint8_t* pixel = &picture->bytes[(size_t{row} * picture->size.width + column) * 3];
      const double dx = column + 0.5 - x;
      const double dy = row + 0.5 - y;
      const bool inside = dx * dx + dy * dy < radius * radius;
      const int noise = pixel[0] / (inside ? 4 : 64);
      pixel[0] = static_cast<uint8_t>((inside ? 190 : 90) + noise);
      pixel[1] = static_cast<uint8_t>(inside ? noise : 100 + noise);
      pixel[2] = static_cast<uint8_t>(inside ? noise / 2 : 95 + noise);
    }
  }
  return {x - radius, y - radius, 2 * radius, 2 * radius};
}

double Overlap(double a, double a_end, double b, double b_end) {
  return std::max(0.0, std::min(a_end, b_end) - std::max(a, b));
}

// A map with a plateau, as a share of the picture's side from each edge.
std::vector<float> MapWith(size_t x, size_t y, size_t width, size_t height, float level) {
  std::vector<float> map(kSaliencyCells, level);
  for (size_t row = y; row < y + height; ++row) {
    std::fill_n(map.begin() + static_cast<ptrdiff_t>(row * kSaliencySide + x), width, 1.0f);
  }
  return map;
}

TEST(ZoomBoxTest, IsBetweenTheQuantiles) {
  // All mass even in a box of 20 x 30 cells: a tenth of it off each side.
  const auto box = BoxOfSaliency(MapWith(10, 20, 20, 30, 0), {640, 320});
  ASSERT_TRUE(box.has_value());
  EXPECT_NEAR(box->x, 12 * 10, 1e-9);
  EXPECT_NEAR(box->width, 16 * 10, 1e-9);
  EXPECT_NEAR(box->y, 23 * 5, 1e-9);
  EXPECT_NEAR(box->height, 24 * 5, 1e-9);
}

TEST(ZoomBoxTest, IsTakenOnlyIfItSaysSomething) {
  EXPECT_FALSE(BoxOfSaliency(std::vector<float>(kSaliencyCells, 1), kSize).has_value());
  EXPECT_FALSE(BoxOfSaliency(MapWith(0, 0, 63, 64, 0), kSize).has_value());  // all of it
  EXPECT_TRUE(BoxOfSaliency(MapWith(4, 4, 24, 24, 0), kSize).has_value());
  EXPECT_FALSE(BoxOfSaliency(MapWith(4, 4, 10, 10, 0), kSize).has_value());  // 8 x 8 of 64 x 64
  EXPECT_TRUE(BoxOfSaliency(MapWith(4, 4, 17, 17, 0), kSize).has_value());
  EXPECT_FALSE(BoxOfSaliency(MapWith(20, 20, 24, 24, 0.5f), kSize).has_value());  // hardly more
}

TEST(ZoomCropTest, KeepsMostOfTheBoxAndStaysInside) {
  const Range share{0.35, 0.9};
  const Range ratio{0.75, 4.0 / 3.0};
  double shares = 0;
  for (uint64_t unit = 0; unit < 2000; ++unit) {
    RandomStream stream({.seed = 1, .unit = unit, .name = "crop test"});
    ZoomBox box{stream.NextUniform(0, 200), stream.NextUniform(0, 150), 0, 0};
    box.width = stream.NextUniform(8, 320 - box.x);
    box.height = stream.NextUniform(8, 240 - box.y);
    RandomStream draws({.seed = 2, .unit = unit, .name = "crop test"});
    const RectPx rect = DrawZoomCrop(box, share, ratio, kSize, &draws);
    ASSERT_GE(rect.width, 1u);
    ASSERT_LE(rect.x + rect.width, kSize.width);
    ASSERT_LE(rect.y + rect.height, kSize.height);
    const double kept_x = Overlap(box.x, box.x + box.width, rect.x, rect.x + rect.width);
    const double kept_y = Overlap(box.y, box.y + box.height, rect.y, rect.y + rect.height);
    // Whole pixels cost up to one.
    ASSERT_GE(kept_x, 0.9 * std::min<double>(box.width, rect.width) - 1) << unit;
    ASSERT_GE(kept_y, 0.9 * std::min<double>(box.height, rect.height) - 1) << unit;
    shares += kept_x * kept_y / (static_cast<double>(rect.width) * rect.height);
    RandomStream words({.seed = 2, .unit = unit, .name = "crop test"});
    for (int i = 0; i < 4; ++i) words.NextU32();
    ASSERT_EQ(draws.NextU32(), words.NextU32()) << "four draws";
  }
  EXPECT_GT(shares / 2000, 0.4);
}

TEST(ZoomCropTest, TheLargestCropHasAnAllowedAspect) {
  const Range ratio{0.75, 4.0 / 3.0};
  EXPECT_EQ(LargestCrop({160, 120}, ratio, {320, 240}), (RectPx{0, 0, 320, 240}));
  EXPECT_EQ(LargestCrop({10, 100}, ratio, {600, 300}), (RectPx{0, 0, 400, 300}));
  EXPECT_EQ(LargestCrop({350, 100}, ratio, {600, 300}), (RectPx{150, 0, 400, 300}));
  EXPECT_EQ(LargestCrop({599, 100}, ratio, {600, 300}), (RectPx{200, 0, 400, 300}));
  EXPECT_EQ(LargestCrop({50, 380}, ratio, {150, 400}), (RectPx{0, 200, 150, 200}));
  EXPECT_EQ(LargestCrop({0, 0}, ratio, {1, 1}), (RectPx{0, 0, 1, 1}));
}

TEST(LensTest, PowerOneIsNoneAndNothingChangesOutside) {
  const Bitmap picture = MakePicture(kSize, 4);
  Bitmap out = picture;
  const ZoomBox box{100, 80, 90, 60};
  LookThrough(LensOn(box, 1), picture.view(), out.view());
  EXPECT_EQ(out, picture);
  const Lens lens = LensOn(box, 1.8);
  EXPECT_NEAR(lens.radius, 67.5, 1e-9);
  LookThrough(lens, picture.view(), out.view());
  EXPECT_NE(out, picture);
  for (uint32_t y = 0; y < kSize.height; ++y) {
    for (uint32_t x = 0; x < kSize.width; ++x) {
      const double dx = x + 0.5 - 145;
      const double dy = y + 0.5 - 110;
      if (dx * dx + dy * dy < 67.5 * 67.5) continue;
      for (size_t c = 0; c < 3; ++c) {
        const size_t i = (size_t{y} * kSize.width + x) * 3 + c;
        ASSERT_EQ(out.bytes[i], picture.bytes[i]) << x << ", " << y;
      }
    }
  }
}

// A ramp shows where each pixel comes from: in order, larger in the middle, without a step at the
// rim.
TEST(LensTest, ShowsTheFormulasPlaces) {
  Bitmap ramp(kSize);
  for (uint32_t y = 0; y < kSize.height; ++y) {
    for (uint32_t x = 0; x < kSize.width; ++x) {
      ramp.bytes[(size_t{y} * kSize.width + x) * 3] = static_cast<uint8_t>(x * 3 / 4);
      ramp.bytes[(size_t{y} * kSize.width + x) * 3 + 1] = static_cast<uint8_t>(y);
    }
  }
  Bitmap out = ramp;
  const Lens lens{{140, 100}, 80, 1.6};
  LookThrough(lens, ramp.view(), out.view());
  for (uint32_t x = 40; x < 240; ++x) {
    const double dx = x + 0.5 - 140;
    const double rho2 = dx * dx / 6400;
    const double from = rho2 < 1 ? 140 + dx * (1 / 1.6 + (1 - 1 / 1.6) * rho2) : x + 0.5;
    ASSERT_NEAR(out.bytes[(size_t{100} * kSize.width + x) * 3], (from - 0.5) * 3 / 4, 1.5) << x;
    ASSERT_LE(out.bytes[(size_t{100} * kSize.width + x - 1) * 3],
              out.bytes[(size_t{100} * kSize.width + x) * 3]);
  }
}

class ZoomUnderTest : public ObjectOpUnderTest {
 public:
  explicit ZoomUnderTest(const std::string& body) : ObjectOpUnderTest("object_zoom", 3, body) {}
  Bitmap Ran(const Bitmap& picture, uint64_t id, FollowedObjects* objects = nullptr,
             OpCounts* counts = nullptr) const {
    OpMemory memory{.counts = counts};
    if (objects != nullptr) {
      memory.objects = &objects->list;
      memory.mover = &objects->mover;
    }
    return ObjectOpUnderTest::Ran(picture, id, memory);
  }
};

// How red it is: the disc's share of the pixels.
double DiscShare(const Bitmap& picture) {
  size_t red = 0;
  for (size_t i = 0; i < picture.bytes.size(); i += 3) {
    red += picture.bytes[i] > picture.bytes[i + 1] + 90 ? 1 : 0;
  }
  return static_cast<double>(red) / (static_cast<double>(picture.bytes.size()) / 3);
}

// The disc's share of what is seen, against a random crop's; `objects`: it is annotated.
void ExpectMoreOfADisc(bool annotated, double times) {
  double zoomed = 0;
  double plain = 0;
  OpCounts counts;
  const ZoomUnderTest zoom("size = 64\nmodes = { crop = 1 }\n");
  const auto random_crop =
      MakeProgram(ParsedOps("[[augment]]\nop = \"random_resized_crop\"\nsize = 64\n"));
  for (uint64_t id = 0; id < 60; ++id) {
    RandomStream stream({.seed = 8, .unit = id, .name = "disc test"});
    Bitmap picture = MakePicture(kSize, static_cast<uint32_t>(id));
    const ZoomBox box = AddDisc(stream.NextUniform(110, 210), stream.NextUniform(90, 150),
                                stream.NextUniform(35, 50), &picture);
    FollowedObjects objects;
    objects.list.Clear(kSize);
    AddOutline(&objects.list, {BoxRing(box.x, box.y, box.width, box.height)}, ObjectShape::kBox);
    zoomed += DiscShare(zoom.Ran(picture, id, annotated ? &objects : nullptr, &counts));
    plain += DiscShare(
        Applied(*random_crop, MakeRecipe(*random_crop, {.seed = 1, .id = id}, kSize), picture));
  }
  EXPECT_GT(zoomed, times * plain);
  EXPECT_LT(counts.object_zoom_fallbacks, 10u);
}

TEST(ObjectZoomTest, ShowsMoreOfAnAnnotatedDiscThanARandomCrop) { ExpectMoreOfADisc(true, 1.5); }

TEST(ObjectZoomTest, ShowsMoreOfASalientDiscThanARandomCrop) { ExpectMoreOfADisc(false, 1.15); }

// The draws of the op, at the mode.
RandomStream DrawsOf(const OpDraw& draw) {
  return RandomStream({.seed = static_cast<uint64_t>(draw.values[1]) |
                               (static_cast<uint64_t>(draw.values[2]) & 0x1FFFFF) << 32,
                       .name = "object_zoom/draws"});
}

TEST(ObjectZoomTest, WithNothingToSeeItIsARandomResizedCrop) {
  Bitmap flat(kSize);
  std::ranges::fill(flat.bytes, uint8_t{90});
  for (const char* modes : {"crop = 1", "rescale = 1", "lens = 1"}) {
    const ZoomUnderTest zoom("size = [20, 30]\nmodes = { " + std::string(modes) + " }\n");
    OpCounts counts;
    for (uint64_t id = 0; id < 10; ++id) {
      const Bitmap out = zoom.Ran(flat, id, nullptr, &counts);
      EXPECT_EQ(out.size, (SizePx{30, 20}));
    }
    EXPECT_EQ(counts.object_zoom_fallbacks, 10u);
  }
  // box = "annotation" without any, on a picture that has pixels to compare.
  const Bitmap picture = MakePicture(kSize, 2);
  const ZoomUnderTest zoom("size = 48\nbox = \"annotation\"\n");
  for (uint64_t id = 0; id < 10; ++id) {
    RandomStream stream = DrawsOf(zoom.DrawOf(kSize, id));
    stream.NextUnit();  // the mode
    const RectPx rect = DrawResizedCrop(&stream, kSize, {0.08, 1}, {3.0 / 4.0, 4.0 / 3.0});
    const Bitmap crop = Copied(picture.view().Crop(rect), simd::FlipColumns::kNo);
    EXPECT_EQ(zoom.Ran(picture, id), Resized(crop, {48, 48}, simd::Filter::kBilinear)) << id;
  }
}

// Objects go with the pixels: a disc of one colour is under its mask in every mode.
TEST(ObjectZoomTest, ObjectsFollow) {
  for (const char* modes : {"crop = 1", "rescale = 1", "lens = 1"}) {
    const ZoomUnderTest zoom("size = 120\nmodes = { " + std::string(modes) + " }\n");
    int whole = 0;
    for (uint64_t id = 0; id < 12; ++id) {
      Bitmap picture = MakePicture(kSize, 3);
      const ZoomBox box = AddDisc(130, 100, 45, &picture);
      FollowedObjects objects;
      objects.list.Clear(kSize);
      Ring ring;
      for (int i = 0; i < 64; ++i) {
        const double angle = i * 6.283185307179586 / 64;
        ring.push_back({130 + 45 * std::cos(angle), 100 + 45 * std::sin(angle)});
      }
      AddOutline(&objects.list, {BoxRing(290, 10, 20, 20)});  // a smaller one
      AddOutline(&objects.list, {ring});
      const Bitmap out = zoom.Ran(picture, id, &objects);
      ASSERT_EQ(objects.list.size, (SizePx{120, 120}));
      ASSERT_EQ(objects.list.objects.size(), 2u);
      const Object& disc = objects.list.objects[1];
      const std::vector<uint8_t> mask = RasterOf(objects.list, disc);
      size_t wrong = 0;
      size_t covered = 0;
      for (size_t i = 0; i < mask.size(); ++i) {
        const bool red = out.bytes[3 * i] > out.bytes[3 * i + 1] + 90;
        wrong += red == (mask[i] != 0) ? 0 : 1;
        covered += mask[i];
      }
      EXPECT_GT(covered, 500u) << modes;
      EXPECT_LT(wrong, 400u) << modes << id << " of " << covered;  // a pixel or two at the edge
      whole += (disc.flags & kObjectClipped) == 0 ? 1 : 0;
      if (std::string(modes) == "rescale = 1") {
        EXPECT_TRUE(disc.flags & kObjectMoved);
      }
      EXPECT_GT(box.width, 0);
    }
    EXPECT_GT(whole, 0) << modes;
  }
}

// All that the lens reaches is shown elsewhere; what lies at its box's corners is not.
TEST(ObjectZoomTest, TheLensMarksWhatItMoves) {
  const Bitmap picture = MakePicture(kSize, 3);
  for (const double power : {1.0, 1.5}) {
    const ZoomUnderTest zoom(
        "size = [240, 320]\nmodes = { lens = 1 }\nlens = " + std::to_string(power) + "\n");
    FollowedObjects objects;
    objects.list.Clear(kSize);
    AddOutline(&objects.list, {BoxRing(120, 80, 80, 80)});  // the radius is 60, around 160, 120
    AddOutline(&objects.list, {BoxRing(210, 110, 20, 20)});
    AddOutline(&objects.list, {BoxRing(206, 166, 12, 12)});
    AddOutline(&objects.list, {BoxRing(20, 20, 5, 200), BoxRing(20, 220, 200, 5)});
    zoom.Ran(picture, 1, &objects);
    const auto moved = static_cast<uint8_t>(power > 1 ? int{kObjectMoved} : 0);
    EXPECT_EQ(objects.list.objects[0].flags, moved);
    EXPECT_EQ(objects.list.objects[1].flags, moved);
    EXPECT_EQ(objects.list.objects[2].flags, 0);
    EXPECT_EQ(objects.list.objects[3].flags, 0);
  }
}

TEST(ObjectZoomTest, RescaleByOneAndLensOfOneChangeNothingButTheSize) {
  Bitmap picture = MakePicture(kSize, 3);
  AddDisc(130, 100, 45, &picture);
  const Bitmap expected = Resized(picture, {64, 64}, simd::Filter::kBilinear);
  for (const char* body : {"size = 64\nmodes = { rescale = 1 }\nrescale = 1\n",
                           "size = 64\nmodes = { lens = 1 }\nlens = 1\n"}) {
    OpCounts counts;
    EXPECT_EQ(ZoomUnderTest(body).Ran(picture, 1, nullptr, &counts), expected) << body;
    EXPECT_EQ(counts.object_zoom_fallbacks, 0u);
  }
}

// Where an object would be torn from itself, or its old pixels could not be filled in, it is
// cropped to.
TEST(ObjectZoomTest, RescaleCropsWhereItWouldShow) {
  const Bitmap picture = MakePicture(kSize, 4);
  const Range share{0.35, 0.9};
  const Range ratio{3.0 / 4.0, 4.0 / 3.0};
  enum class Other { kNone, kBoxOnly, kCrowd, kTiny, kNextToIt };
  const struct {
    const char* name;
    RectPx box;
    double scale;
    Other other;
    bool crops;
  } cases[] = {
      {"in the middle", {100, 60, 90, 80}, 0.7, Other::kNone, false},
      {"all of the picture", {0, 0, 320, 240}, 0.7, Other::kNone, true},
      {"all of it, larger", {0, 0, 320, 240}, 1.1, Other::kNone, true},
      {"nearly all of it", {12, 12, 296, 216}, 0.7, Other::kNone, true},
      {"left", {9, 60, 90, 80}, 0.7, Other::kNone, true},
      {"top", {100, 0, 90, 80}, 0.7, Other::kNone, true},
      {"right", {221, 60, 90, 80}, 0.7, Other::kNone, true},
      {"bottom", {100, 151, 90, 80}, 0.7, Other::kNone, true},
      {"not at a side", {10, 10, 90, 80}, 0.7, Other::kNone, false},
      {"at a side, larger", {0, 60, 90, 80}, 1.3, Other::kNone, false},
      {"under a box", {100, 60, 90, 80}, 0.7, Other::kBoxOnly, true},
      {"under a crowd", {100, 60, 90, 80}, 1.3, Other::kCrowd, true},
      {"under something tiny", {100, 60, 90, 80}, 0.7, Other::kTiny, true},
      {"beside another", {100, 60, 90, 80}, 0.7, Other::kNextToIt, false},
  };
  for (const auto& at : cases) {
    const ZoomUnderTest zoom(
        "size = 64\nmodes = { rescale = 1 }\nrescale = " + std::to_string(at.scale) + "\n");
    for (uint64_t id = 0; id < 4; ++id) {
      FollowedObjects objects;
      objects.list.Clear(kSize);
      const RectPx& box = at.box;
      AddOutline(&objects.list, {BoxRing(box.x, box.y, box.width, box.height)});
      if (at.other == Other::kBoxOnly) {
        AddOutline(&objects.list, {BoxRing(180, 130, 60, 50)}, ObjectShape::kBox);
      } else if (at.other == Other::kCrowd) {
        AddOutline(&objects.list, {BoxRing(20, 20, 250, 60)})->crowd = true;
      } else if (at.other == Other::kTiny) {
        AddOutline(&objects.list, {BoxRing(120, 90, 3, 3)});
      } else if (at.other == Other::kNextToIt) {
        AddOutline(&objects.list, {BoxRing(196, 60, 50, 80)}, ObjectShape::kBox);
      }
      const Bitmap out = zoom.Ran(picture, id, &objects);
      EXPECT_EQ((objects.list.objects[0].flags & kObjectMoved) == 0, at.crops) << at.name;
      if (!at.crops) continue;
      RandomStream stream = DrawsOf(zoom.DrawOf(kSize, id));
      stream.NextUnit();  // the mode
      stream.NextLogUniform(at.scale, at.scale);
      const ZoomBox zoomed{static_cast<double>(box.x), static_cast<double>(box.y),
                           static_cast<double>(box.width), static_cast<double>(box.height)};
      const RectPx rect = DrawZoomCrop(zoomed, share, ratio, kSize, &stream);
      const Bitmap crop = Copied(picture.view().Crop(rect), simd::FlipColumns::kNo);
      EXPECT_EQ(out, Resized(crop, {64, 64}, simd::Filter::kBilinear)) << at.name;
    }
  }
}

TEST(ObjectZoomTest, WhatIsExplainedReplays) {
  Bitmap picture = MakePicture({90, 70}, 6);
  AddDisc(40, 35, 14, &picture);
  ExpectReplays(ParsedOps("[[augment]]\nop = \"object_zoom\"\nsize = 24\np = 0.5\n"
                          "[[augment]]\nop = \"random_horizontal_flip\"\n"
                          "[[augment]]\nop = \"random_resized_crop\"\nsize = 24\n"),
                picture, 40);
}

TEST(ObjectZoomTest, StandsForTheNextRandomResizedCrop) {
  Bitmap picture = MakePicture({90, 70}, 6);
  const std::string crop = "[[augment]]\nop = \"random_resized_crop\"\nsize = 24\n";
  const std::string zoom = "[[augment]]\nop = \"object_zoom\"\nsize = 24\np = 0.5\n";
  const auto alone = MakeProgram(ParsedOps(crop));
  const auto both = MakeProgram(ParsedOps(zoom + crop));
  const auto second = MakeProgram(ParsedOps(zoom + crop + crop));
  ASSERT_EQ(both->output_size(), (SizePx{24, 24}));
  int fired = 0;
  for (uint64_t id = 0; id < 60; ++id) {
    const SampleKey key{.seed = 2, .id = id};
    const Recipe recipe = MakeRecipe(*both, key, picture.size);
    EXPECT_NE(recipe.steps[0].fires, recipe.steps[1].fires) << "one of them";
    fired += recipe.steps[0].fires ? 1 : 0;
    if (!recipe.steps[0].fires) {
      // Its draws are those that it has without the other.
      EXPECT_EQ(Applied(*both, recipe, picture),
                Applied(*alone, MakeRecipe(*alone, key, picture.size), picture));
    }
    // Only the next one.
    EXPECT_TRUE(MakeRecipe(*second, key, picture.size).steps[2].fires);
  }
  EXPECT_NEAR(fired, 30, 15);
  EXPECT_FALSE(both->planes_allowed());
  EXPECT_EQ(both->exact_because(), "object_zoom");
}

TEST(ObjectZoomTest, ListsThatCannotBeAreTold) {
  const std::string zoom = "[[augment]]\nop = \"object_zoom\"\nsize = 24\n";
  const struct {
    std::string list;
    const char* words[2];
  } cases[] = {
      {zoom, {"random_resized_crop", "p = 1"}},
      {zoom + "[[augment]]\nop = \"center_crop\"\nsize = 24\n", {"random_resized_crop", "p = 1"}},
      {"[[augment]]\nop = \"random_resized_crop\"\nsize = 24\n" + zoom, {"behind it", "p = 1"}},
      {zoom + "[[augment]]\nop = \"random_resized_crop\"\nsize = 25\n", {"size", "line 6"}},
      {zoom + zoom + "[[augment]]\nop = \"random_resized_crop\"\nsize = 24\n",
       {"already", "random_resized_crop"}},
      {"[[augment]]\nop = \"aug_mix\"\nviews = 2\n" + zoom + "p = 1.0\n", {"aug_mix", "views"}},
  };
  for (const auto& bad : cases) {
    std::unique_ptr<AugmentProgram> program;
    ConfigError error;
    EXPECT_FALSE(AugmentProgram::Make(ParsedOps(bad.list), {}, false, &program, &error))
        << bad.list;
    for (const char* word : bad.words) {
      EXPECT_NE(error.text.find(word), std::string::npos) << error.text;
    }
    EXPECT_NE(error.text.find("object_zoom"), std::string::npos) << error.text;
  }
  const auto always = MakeProgram(ParsedOps(zoom + "p = 1.0\n"));
  EXPECT_EQ(always->output_size(), (SizePx{24, 24}));
}

TEST(ObjectZoomTest, OddPicturesDoNoHarm) {
  for (const SizePx size : {SizePx{1, 1}, {1, 90}, {90, 1}, {24, 24}, {300, 5}, {65, 64}}) {
    for (const char* modes : {"crop = 1", "rescale = 1", "lens = 1"}) {
      for (const char* rest : {"", "interpolation = \"lanczos\"\nshare = [0.001, 1]\n",
                               "interpolation = \"nearest\"\nbox = \"saliency\"\n",
                               "rescale = [0.001, 100]\nlens = [1, 100]\nratio = [0.01, 100]\n"}) {
        const ZoomUnderTest zoom("size = [24, 31]\nmodes = { " + std::string(modes) + " }\n" +
                                 rest);
        for (uint64_t id = 0; id < 5; ++id) {
          Bitmap picture = MakePicture(size, 1);
          EXPECT_EQ(zoom.Ran(picture, id).size, (SizePx{31, 24}));
          FollowedObjects objects;
          objects.list.Clear(size);
          AddOutline(&objects.list, {BoxRing(0, 0, size.width, size.height)}, ObjectShape::kBox);
          AddOutline(&objects.list, {BoxRing(size.width / 3.0, size.height / 3.0, size.width / 2.0,
                                             size.height / 2.0)});
          EXPECT_EQ(zoom.Ran(picture, id, &objects).size, (SizePx{31, 24}));
          EXPECT_EQ(objects.list.size, (SizePx{31, 24}));
        }
      }
    }
  }
}

TEST(ObjectZoomTest, NothingIsAllocated) {
  Bitmap picture = MakePicture(kSize, 3);
  AddDisc(130, 100, 45, &picture);
  for (const char* modes : {"crop = 1", "rescale = 1", "lens = 1"}) {
    const ZoomUnderTest zoom("size = 64\nmodes = { " + std::string(modes) + " }\n");
    const OpDraw draw = zoom.DrawOf(kSize, 1);
    GuardedScratch output(zoom.op().OutputBytes(draw)), scratch(zoom.op().ScratchBytes(draw));
    const uint64_t before = testing::AllocationCount();
    Picture result{.pixels = picture.view()};
    const bool good =
        zoom.op().Run(draw, {.output = output.span(), .scratch = scratch.span()}, &result).ok();
    const uint64_t after = testing::AllocationCount();
    EXPECT_TRUE(good);
    EXPECT_EQ(after, before) << modes;
  }
}

TEST(ObjectZoomTest, RefusesWhatItCannotTake) {
  const struct {
    std::map<std::string, ParamValue> params;
    const char* word;
  } cases[] = {{{}, "size"},
               {{{"size", int64_t{8}}, {"modes", std::vector<double>{0, 0, 0}}}, "modes"},
               {{{"size", int64_t{8}}, {"modes", std::vector<double>{1, -1, 0}}}, "modes"},
               {{{"size", int64_t{8}}, {"box", std::string("mask")}}, "annotation"},
               {{{"size", int64_t{8}}, {"share", Range{0, 0.5}}}, "share"},
               {{{"size", int64_t{8}}, {"lens", Range{0.5, 2}}}, "lens"},
               {{{"size", int64_t{8}}, {"key", int64_t{-1}}}, "key"}};
  for (const auto& bad : cases) {
    ConfigError error;
    EXPECT_EQ(MakeOp(MakeOpConfig("object_zoom", bad.params), &error), nullptr) << bad.word;
    EXPECT_NE(error.text.find(bad.word), std::string::npos) << error.text;
  }
}

}  // namespace
}  // namespace headrace::loader
