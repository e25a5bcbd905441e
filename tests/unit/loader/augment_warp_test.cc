// The warps as ops: matrices, draws and their order, identities, replay.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/rng.h"
#include "loader/augment/random_resized_crop.h"
#include "loader/augment/warp.h"
#include "loader/augment/warp_matrix.h"
#include "loader/config_toml.h"
#include "simd/warp.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/distribution.h"
#include "tests/unit/loader/augment_pictures.h"
#include "tests/unit/loader/augment_replay.h"

namespace headrace::loader {
namespace {

using testing::KsDistance;
using testing::KsLimit;

std::unique_ptr<AugmentProgram> ProgramOf(const std::string& entry) {
  return MakeProgram(ParsedOp(entry));
}

// The one draw of a one-op list.
OpDraw DrawOf(const AugmentProgram& program, uint64_t id, SizePx size) {
  const Recipe recipe = MakeRecipe(program, {.seed = 4, .id = id}, size);
  return recipe.list_count == 1 ? recipe.list[0] : OpDraw{};
}

RandomStream StreamOf(const char* name, uint64_t id) {
  RandomStream stream({.seed = 4, .unit = id, .name = name});
  stream.NextUnit();  // p
  return stream;
}

simd::AffineMatrix DrawnMatrix(const OpDraw& draw) { return MatrixOf(draw); }

Bitmap Ran(const std::string& entry, const Bitmap& picture, uint64_t id = 0) {
  const auto program = ProgramOf(entry);
  return Applied(*program, MakeRecipe(*program, {.seed = 4, .id = id}, picture.size), picture);
}

// ------------------------------------------------------------------ matrices

TEST(WarpMatrixTest, RoundsToFifteenDecimalsAsPythonDoes) {
  EXPECT_EQ(RoundTo15Decimals(6.123233995736766e-17), 0.0);
  EXPECT_EQ(RoundTo15Decimals(0.7071067811865476), 0.707106781186548);
  EXPECT_EQ(RoundTo15Decimals(-0.8660254037844386), -0.866025403784439);
  EXPECT_EQ(RoundTo15Decimals(4.9e-16), 0.0);
  EXPECT_EQ(RoundTo15Decimals(5.1e-16), 1e-15);
  EXPECT_EQ(RoundTo15Decimals(1.0), 1.0);
  EXPECT_EQ(RoundTo15Decimals(-1.0), -1.0);
  EXPECT_EQ(RoundTo15Decimals(0x1p-51), 0.0);
  EXPECT_TRUE(std::signbit(RoundTo15Decimals(-1e-300)));
}

// As Python 3.11 prints them for a picture of 5 x 4.
TEST(WarpMatrixTest, RotationsHavePillowsBits) {
  const Rotation rotation = RotationOf(30, {5, 4}, std::nullopt, Canvas::kSame);
  const simd::AffineMatrix wanted = {
      0.866025403784439, -0.5, 1.3349364905389023, 0.5, 0.866025403784439, -0.9820508075688781};
  EXPECT_EQ(rotation.matrix, wanted);
  const Rotation grown = RotationOf(30, {5, 4}, std::nullopt, Canvas::kGrown);
  EXPECT_EQ(grown.width, 7u);
  EXPECT_EQ(grown.height, 6u);
}

TEST(WarpMatrixTest, QuarterTurnsAreExact) {
  const SizePx size = {6, 4};
  EXPECT_EQ(RotationOf(360, size, std::nullopt, Canvas::kSame).matrix, kIdentityMatrix);
  EXPECT_EQ(RotationOf(-720, size, std::nullopt, Canvas::kGrown).matrix, kIdentityMatrix);
  const Rotation half = RotationOf(-180, size, std::nullopt, Canvas::kSame);
  EXPECT_EQ(half.matrix, (simd::AffineMatrix{-1, 0, 6, 0, -1, 4}));
  const Rotation grown = RotationOf(450, size, std::nullopt, Canvas::kGrown);
  EXPECT_EQ(grown.matrix, (simd::AffineMatrix{0, -1, 6, 1, 0, 0}));
  EXPECT_EQ(grown.width, 4u);
  EXPECT_EQ(grown.height, 6u);
  // In a picture that is no square, a quarter turn that keeps the size is about the middle.
  EXPECT_EQ(RotationOf(90, size, std::nullopt, Canvas::kSame).matrix,
            (simd::AffineMatrix{0, -1, 5, 1, 0, -1}));
}

TEST(WarpMatrixTest, ShearsAndShiftsAreWhatTheySay) {
  EXPECT_NEAR(ShearXMatrix(0.3)[1], 0.3, 1e-15);
  EXPECT_NEAR(ShearYMatrix(-0.3)[3], -0.3, 1e-15);
  EXPECT_EQ(ShearXMatrix(0), kIdentityMatrix);
  EXPECT_EQ(TranslationMatrix(3, -2), (simd::AffineMatrix{1, 0, -3, 0, 1, 2}));
  const simd::AffineMatrix general =
      AffineMatrixOf({.shear_x = DegreesOf(std::atan(0.2)), .centre = PointPx{}}, {9, 9});
  EXPECT_EQ(general, ShearXMatrix(0.2));
  EXPECT_EQ(AffineMatrixOf({.translate_px = {3, -2}}, {9, 8}), TranslationMatrix(3, -2));
}

// ------------------------------------------------------------------ ops

TEST(RandomRotationTest, DrawsTheAngleFirst) {
  const auto program = ProgramOf("op = \"random_rotation\"\ndegrees = [-20, 70]\n");
  std::vector<double> angles;
  for (uint64_t id = 0; id < 5000; ++id) {
    const OpDraw draw = DrawOf(*program, id, {30, 20});
    RandomStream stream = StreamOf("random_rotation", id);
    ASSERT_EQ(draw.values[6], stream.NextUniform(-20, 70));
    ASSERT_EQ(DrawnMatrix(draw),
              RotationOf(draw.values[6], {30, 20}, std::nullopt, Canvas::kSame).matrix);
    angles.push_back(draw.values[6]);
  }
  const auto uniform = [](double x) { return std::clamp((x + 20) / 90, 0.0, 1.0); };
  const auto narrow = [](double x) { return std::clamp((x + 20) / 85, 0.0, 1.0); };
  EXPECT_LT(KsDistance(angles, uniform), KsLimit(angles.size()));
  EXPECT_GT(KsDistance(angles, narrow), KsLimit(angles.size()));
}

TEST(RandomRotationTest, FourQuarterTurnsOfASquareAreNone) {
  for (const char* how : {"nearest", "bilinear", "bicubic"}) {
    const std::string entry =
        std::string("op = \"random_rotation\"\ndegrees = [90, 90]\ninterpolation = \"") + how +
        "\"\n";
    const Bitmap picture = MakePicture({31, 31}, 3);
    Bitmap turned = picture;
    for (int i = 0; i < 4; ++i) {
      turned = Ran(entry, turned);
      EXPECT_EQ(turned == picture, i == 3);
    }
    // A growing canvas lets any picture turn.
    const Bitmap flat = MakePicture({41, 7}, 3);
    turned = flat;
    for (int i = 0; i < 4; ++i) {
      turned = Ran(entry + "expand = true\n", turned);
      EXPECT_EQ(turned.size, i % 2 == 0 ? (SizePx{7, 41}) : flat.size);
    }
    EXPECT_EQ(turned, flat);
  }
}

TEST(RandomRotationTest, ThereAndBackIsCloseInsideTheDisc) {
  Bitmap picture({101, 101});
  for (uint32_t y = 0; y < 101; ++y) {
    for (uint32_t x = 0; x < 101; ++x) {
      for (uint32_t c = 0; c < 3; ++c) {
        picture.view().Row(y)[3 * x + c] = static_cast<uint8_t>(2 * x + (c == 1 ? 0 : y / 4));
      }
    }
  }
  const std::string bilinear = "interpolation = \"bilinear\"\n";
  const Bitmap there = Ran("op = \"random_rotation\"\ndegrees = [33, 33]\n" + bilinear, picture);
  const Bitmap back = Ran("op = \"random_rotation\"\ndegrees = [-33, -33]\n" + bilinear, there);
  int64_t sum = 0;
  int64_t count = 0;
  for (int y = 0; y < 101; ++y) {
    for (int x = 0; x < 101; ++x) {
      if ((x - 50) * (x - 50) + (y - 50) * (y - 50) > 47 * 47) continue;
      const size_t at = 3 * (static_cast<size_t>(y) * 101 + static_cast<size_t>(x));
      sum += std::abs(int{back.bytes[at]} - int{picture.bytes[at]});
      ++count;
    }
  }
  EXPECT_LT(sum, 3 * count);
}

TEST(RandomAffineTest, TakesItsDrawsInTheDocumentedOrder) {
  const auto program = ProgramOf(
      "op = \"random_affine\"\ndegrees = 10\ntranslate = [0.25, 0.5]\nscale = [0.5, 2]\n"
      "shear = [-5, 5, 0, 10]\n");
  for (uint64_t id = 0; id < 300; ++id) {
    RandomStream stream = StreamOf("random_affine", id);
    AffineParams params;
    params.degrees = stream.NextUniform(-10, 10);
    params.translate_px.x = std::nearbyint(stream.NextUniform(-10, 10));
    params.translate_px.y = std::nearbyint(stream.NextUniform(-15, 15));
    params.scale = stream.NextUniform(0.5, 2);
    params.shear_x = stream.NextUniform(-5, 5);
    params.shear_y = stream.NextUniform(0, 10);
    ASSERT_EQ(DrawnMatrix(DrawOf(*program, id, {40, 30})), AffineMatrixOf(params, {40, 30}));
  }
}

// What is not given takes no draw; a shear of one number or two is one of x.
TEST(RandomAffineTest, DrawsOnlyWhatIsGiven) {
  const auto program = ProgramOf("op = \"random_affine\"\ndegrees = 0\nshear = 7\n");
  for (uint64_t id = 0; id < 100; ++id) {
    RandomStream stream = StreamOf("random_affine", id);
    stream.NextUnit();  // the angle, which is drawn though it is always 0
    const AffineParams params = {.shear_x = stream.NextUniform(-7, 7)};
    ASSERT_EQ(DrawnMatrix(DrawOf(*program, id, {40, 30})), AffineMatrixOf(params, {40, 30}));
  }
}

TEST(RandomPerspectiveTest, TakesCornersToCorners) {
  const auto program = ProgramOf("op = \"random_perspective\"\np = 1\ndistortion_scale = 0.6\n");
  const SizePx size = {41, 30};
  for (uint64_t id = 0; id < 300; ++id) {
    const OpDraw draw = DrawOf(*program, id, size);
    RandomStream stream = StreamOf("random_perspective", id);
    const auto low = [&](uint32_t most) { return 1.0 * stream.NextBelow(most + 1); };
    const auto high = [&](uint32_t most, uint32_t side) { return side - 1.0 - most + low(most); };
    // 0.6 * 20 and 0.6 * 15.
    std::array<PointPx, 4> end;
    end[0].x = low(12), end[0].y = low(9);
    end[1].x = high(12, 41), end[1].y = low(9);
    end[2].x = high(12, 41), end[2].y = high(9, 30);
    end[3].x = low(12), end[3].y = high(9, 30);
    const PointPx start[] = {{0, 0}, {40, 0}, {40, 29}, {0, 29}};
    const auto& c = draw.values;
    for (size_t i = 0; i < 4; ++i) {
      const double depth = c[6] * end[i].x + c[7] * end[i].y + 1;
      EXPECT_NEAR((c[0] * end[i].x + c[1] * end[i].y + c[2]) / depth, start[i].x, 1e-7);
      EXPECT_NEAR((c[3] * end[i].x + c[4] * end[i].y + c[5]) / depth, start[i].y, 1e-7);
    }
  }
}

TEST(RandomPerspectiveTest, LeavesPicturesAloneWhoseCornersFallTogether) {
  const auto program = ProgramOf("op = \"random_perspective\"\np = 1\ndistortion_scale = 1\n");
  for (const SizePx size : {SizePx{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 2}}) {
    const Bitmap picture = MakePicture(size, 2);
    for (uint64_t id = 0; id < 50; ++id) {
      const Recipe recipe = MakeRecipe(*program, {.id = id}, size);
      for (const double v : recipe.list[0].values) ASSERT_TRUE(std::isfinite(v));
      const Bitmap out = Applied(*program, recipe, picture);
      if (size.width == 1 || size.height == 1) {
        ASSERT_EQ(out, picture);
      }
    }
  }
}

TEST(RandomZoomTest, DrawsHeightThenWidth) {
  const auto both =
      ProgramOf("op = \"random_zoom\"\nheight_factor = [-0.5, 0.5]\nwidth_factor = [0, 1]\n");
  const auto one = ProgramOf("op = \"random_zoom\"\nheight_factor = [-0.5, 0.5]\n");
  for (uint64_t id = 0; id < 100; ++id) {
    RandomStream stream = StreamOf("random_zoom", id);
    const double height = stream.NextUniform(-0.5, 0.5);
    const double width = stream.NextUniform(0, 1);
    const OpDraw draw = DrawOf(*both, id, {40, 30});
    EXPECT_EQ(draw.values[4], 1 + height);
    EXPECT_EQ(draw.values[0], 1 + width);
    const OpDraw same = DrawOf(*one, id, {40, 30});
    EXPECT_EQ(same.values[4], 1 + height);
    EXPECT_EQ(same.values[0], 1 + height);
  }
}

TEST(RandomZoomOutTest, PutsThePictureOnTheCanvas) {
  const std::string entry =
      "op = \"random_zoom_out\"\nside_range = [1.5, 3]\nfill = [1, 2, 3]\nkeep_size = false\n";
  const auto program = ProgramOf(entry);
  const auto keeping = ProgramOf(
      "op = \"random_zoom_out\"\nside_range = [1.5, 3]\nfill = [1, 2, 3]\n"
      "interpolation = \"bicubic\"\n");
  const SizePx size = {17, 12};
  const Bitmap picture = MakePicture(size, 3);
  for (uint64_t id = 0; id < 50; ++id) {
    RandomStream stream = StreamOf("random_zoom_out", id);
    const double ratio = stream.NextUniform(1.5, 3);
    const auto width = static_cast<uint32_t>(17 * ratio);
    const auto height = static_cast<uint32_t>(12 * ratio);
    const auto left = static_cast<uint32_t>((width - 17.0) * stream.NextUnit());
    const auto top = static_cast<uint32_t>((height - 12.0) * stream.NextUnit());
    const Recipe recipe = MakeRecipe(*program, {.seed = 4, .id = id}, size);
    const Bitmap out = Applied(*program, recipe, picture);
    ASSERT_EQ(out.size, (SizePx{width, height}));
    Bitmap wanted(out.size);
    for (size_t i = 0; i < wanted.bytes.size(); ++i) wanted.bytes[i] = i % 3 + 1;
    CopyPixels(picture.view(), wanted.view().Crop({left, top, 17, 12}));
    ASSERT_EQ(out, wanted);
    const Recipe kept = MakeRecipe(*keeping, {.seed = 4, .id = id}, size);
    ASSERT_EQ(Applied(*keeping, kept, picture), Resized(wanted, size, simd::Filter::kBicubic));
  }
}

TEST(RandomZoomOutTest, RefusesACanvasThatIsTooLarge) {
  const auto program = ProgramOf("op = \"random_zoom_out\"\nside_range = [100, 100]\n");
  Recipe recipe;
  program->Prepare(&recipe);
  EXPECT_EQ(program->MakeRecipe({}, {1000, 10}, &recipe).code(), Code::kLimitPixels);
}

TEST(RandomResizedCropTest, DrawsTheFilterLast) {
  const auto program =
      ProgramOf("op = \"random_resized_crop\"\nsize = 8\ninterpolation = \"random\"\n");
  int bicubic = 0;
  for (uint64_t id = 0; id < 1000; ++id) {
    const OpDraw draw = DrawOf(*program, id, {50, 40});
    RandomStream stream = StreamOf("random_resized_crop", id);
    ASSERT_EQ(draw.rect, DrawResizedCrop(&stream, {50, 40}, {0.08, 1}, {0.75, 4.0 / 3.0}));
    const bool second = stream.NextBelow(2) == 1;
    ASSERT_EQ(draw.op->filter(draw), second ? simd::Filter::kBicubic : simd::Filter::kBilinear);
    bicubic += second ? 1 : 0;
  }
  EXPECT_NEAR(bicubic, 500, 80);
}

TEST(NearestResizeTest, AsksForExactDecoding) {
  EXPECT_TRUE(ProgramOf("op = \"resize\"\nsize = [8, 8]\n")->planes_allowed());
  const auto nearest = ProgramOf("op = \"resize\"\nsize = [8, 8]\ninterpolation = \"nearest\"\n");
  EXPECT_EQ(nearest->exact_because(), "resize");
  // Also behind a crop, which may leave the resize to be the first to resample.
  const auto behind = ProgramOf(
      "op = \"center_crop\"\nsize = 9\n[[augment]]\nop = \"random_resized_crop\"\nsize = 8\n"
      "interpolation = \"nearest_legacy\"\n");
  EXPECT_EQ(behind->exact_because(), "random_resized_crop");
}

constexpr const char* kEntries[] = {
    "op = \"random_rotation\"\ndegrees = 40\nfill = [9, 80, 200]\n",
    "op = \"random_rotation\"\ndegrees = 40\ninterpolation = \"bilinear\"\ncenter = [3, 30]\n",
    "op = \"random_rotation\"\ndegrees = 180\ninterpolation = \"bicubic\"\nexpand = true\n",
    "op = \"random_affine\"\ndegrees = 10\ntranslate = [0.1, 0.2]\nscale = [0.5, 2]\nshear = 5\n",
    "op = \"random_affine\"\ndegrees = 0\ninterpolation = \"bilinear\"\nshear = [0, 9, 0, 9]\n",
    "op = \"random_perspective\"\ninterpolation = \"nearest\"\nfill = 7\n",
    "op = \"random_zoom\"\nfill_mode = \"wrap\"\n",
    ("op = \"random_zoom\"\nheight_factor = [-0.5, 0.9]\nwidth_factor = 0.1\nfill = 99\n"
     "fill_mode = \"constant\"\ninterpolation = \"nearest\"\n"),
    "op = \"random_zoom_out\"\nside_range = [1, 2]\ninterpolation = \"nearest\"\n",
    "op = \"random_resized_crop\"\nsize = [9, 7]\ninterpolation = \"random\"\n",
    "op = \"resize\"\nsize = [9, 7]\ninterpolation = \"nearest_legacy\"\n"};

TEST(WarpExplainTest, GivesTheSameBytesAgainUnderAnyKey) {
  const Bitmap picture = MakePicture({57, 43}, 5);
  for (const char* entry : kEntries) {
    ExpectReplays(ParsedOp(entry), picture, 20);
  }
}

// A flip before a warp is one of pixels: the warp sees the columns in order.
TEST(WarpOrderTest, AFlipBeforeAWarpComesFirst) {
  const Bitmap picture = MakePicture({57, 43}, 5);
  const Bitmap flipped = Copied(picture.view(), simd::FlipColumns::kYes);
  for (const char* entry : kEntries) {
    const auto alone = ProgramOf(entry);
    const auto behind =
        ProgramOf(std::string("op = \"random_horizontal_flip\"\np = 1\n[[augment]]\n") + entry);
    const Bitmap wanted = Applied(*alone, MakeRecipe(*alone, {.id = 3}, picture.size), flipped);
    ASSERT_EQ(Applied(*behind, MakeRecipe(*behind, {.id = 3}, picture.size), picture), wanted)
        << entry;
  }
}

TEST(WarpSizesTest, AnySizeWorks) {
  for (const char* entry : kEntries) {
    const auto program = ProgramOf(entry);
    for (const SizePx size : {SizePx{1, 1}, {1, 7}, {7, 1}, {2, 2}, {2, 3}, {3, 3}, {300, 2}}) {
      const Bitmap picture = MakePicture(size, 5);
      for (uint64_t id = 0; id < 5; ++id) {
        const Recipe recipe = MakeRecipe(*program, {.id = id}, size);
        Applied(*program, recipe, picture);
      }
    }
  }
}

TEST(WarpAllocationTest, NothingIsAllocatedForASample) {
  for (const char* entry : kEntries) {
    const auto program = ProgramOf(entry);
    const Bitmap picture = MakePicture({57, 43}, 5);
    Recipe recipe;
    program->Prepare(&recipe);
    GuardedScratch scratch(size_t{1} << 22);
    const uint64_t before = testing::AllocationCount();
    for (uint64_t id = 0; id < 10; ++id) {
      ASSERT_TRUE(program->MakeRecipe({.id = id}, picture.size, &recipe).ok());
      const ConstImageView region = picture.view().Crop(recipe.region);
      const uint64_t bytes = program->ScratchBytes(recipe);
      ASSERT_LE(bytes, scratch.span().size());
      ConstImageView out;
      simd::FlipColumns flip;
      ASSERT_TRUE(
          program->Apply(recipe, region, scratch.span().first(bytes), &out, &flip, nullptr).ok());
    }
    EXPECT_EQ(testing::AllocationCount(), before) << entry;
  }
}

// The warp that policies steer draws nothing, and replays as random_affine.
TEST(WarpOpTest, IsDrivenByItsMatrix) {
  const WarpOp op({.interpolation = simd::Interpolation::kBilinear, .fill = {1, 2, 3}});
  const Bitmap picture = MakePicture({33, 21}, 5);
  OpDraw draw = {.op = &op, .in = picture.size, .out = picture.size};
  SetMatrix(ShearXMatrix(-0.21), &draw);
  GuardedScratch output(op.OutputBytes(draw));
  Picture seen = {.pixels = picture.view()};
  ASSERT_TRUE(op.Run(draw, {output.span(), {}}, &seen).ok());
  std::string toml;
  op.Explain(draw, &toml);
  EXPECT_EQ(Ran("op = \"" + std::string(op.name()) + "\"\n" + toml, picture),
            Copied(seen.pixels, simd::FlipColumns::kNo));
}

}  // namespace
}  // namespace headrace::loader
