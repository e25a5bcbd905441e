#include "loader/augment/program.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/augment_pictures.h"

namespace headrace::loader {
namespace {

using Params = std::map<std::string, ParamValue>;

std::string MakeError(const std::vector<OpConfig>& ops, bool size_must_be_fixed, Code* code) {
  std::unique_ptr<AugmentProgram> program;
  ConfigError error;
  EXPECT_FALSE(AugmentProgram::Make(ops, {}, size_must_be_fixed, &program, &error));
  EXPECT_EQ(program, nullptr);
  *code = error.code;
  return error.text;
}

TEST(AugmentProgramTest, KnowsTheSizeOfItsResults) {
  const auto size_of = [](const std::vector<OpConfig>& ops) {
    return MakeProgram(ops)->output_size();
  };
  const OpConfig short_side = MakeOpConfig("resize", {{"size", std::vector<double>{32}}});
  EXPECT_EQ(size_of({}), std::nullopt);
  EXPECT_EQ(size_of({FlipConfig(0.5)}), std::nullopt);
  EXPECT_EQ(size_of({short_side}), std::nullopt);
  EXPECT_EQ(size_of({CropConfig(20, 30)}), (SizePx{30, 20}));
  EXPECT_EQ(size_of({short_side, CenterConfig(24, 26), FlipConfig(0.5)}), (SizePx{26, 24}));
  // A short side of a known size is known.
  EXPECT_EQ(size_of({CropConfig(20, 30), short_side}), (SizePx{48, 32}));
  // An op that may not fire leaves it open, unless it would change nothing.
  OpConfig maybe = CenterConfig(20, 30);
  maybe.p = 0.5;
  EXPECT_EQ(size_of({maybe}), std::nullopt);
  EXPECT_EQ(size_of({CropConfig(20, 31), maybe}), std::nullopt);
  EXPECT_EQ(size_of({CropConfig(20, 30), maybe}), (SizePx{30, 20}));
}

TEST(AugmentProgramTest, AListThatDoesNotFixTheSizeSaysWhatToAdd) {
  Code code;
  std::string text = MakeError({FlipConfig(0.5)}, true, &code);
  EXPECT_EQ(code, Code::kConfigValue);
  EXPECT_NE(text.find("add an op that sets the size"), std::string::npos) << text;
  OpConfig maybe = CropConfig(20, 30);
  maybe.p = 0.5;
  maybe.line = 12;
  text = MakeError({maybe}, true, &code);
  EXPECT_EQ(code, Code::kConfigValue);
  EXPECT_EQ(text.find("[[augment]] random_resized_crop (line 12): it sets the size"), 0u) << text;
}

TEST(AugmentProgramTest, RefusesWhatAnOpCannotTake) {
  const struct {
    OpConfig op;
    Code code;
    const char* text;
  } cases[] = {
      {MakeOpConfig("of_a_later_version"), Code::kNotInThisVersion, "not in this version"},
      {MakeOpConfig("center_crop"), Code::kConfigMissing, "size"},
      {CenterConfig(0, 3), Code::kConfigValue, "1 to 65535"},
      {CenterConfig(3.5, 3), Code::kConfigValue, "whole numbers"},
      {MakeOpConfig("center_crop", {{"size", std::string("x")}}), Code::kConfigType, "size"},
      {MakeOpConfig("resize"), Code::kConfigMissing, "size"},
      {MakeOpConfig("resize", {{"size", int64_t{32}}, {"max_size", int64_t{32}}}),
       Code::kConfigValue, "max_size"},
      {MakeOpConfig("resize", {{"size", int64_t{32}}, {"interpolation", std::string("random")}}),
       Code::kConfigValue, "random"},
      {MakeOpConfig("resize", {{"size", int64_t{32}}, {"interpolation", std::string("cube")}}),
       Code::kConfigValue, "cube"},
      {MakeOpConfig("random_resized_crop", {{"size", int64_t{8}}, {"scale", Range{0.5, 0.1}}}),
       Code::kConfigValue, "scale"},
      {MakeOpConfig("random_resized_crop", {{"size", int64_t{8}}, {"ratio", Range{0, 1}}}),
       Code::kConfigValue, "ratio"},
      {MakeOpConfig("random_resized_crop",
                    {{"size", int64_t{8}}, {"at", std::vector<double>{1, 2, 3}}}),
       Code::kConfigValue, "at"},
      {FlipConfig(1.5), Code::kConfigValue, "p:"},
  };
  for (const auto& c : cases) {
    Code code;
    const std::string text = MakeError({c.op}, false, &code);
    EXPECT_EQ(code, c.code) << text;
    EXPECT_NE(text.find(c.op.op), std::string::npos) << text;
    EXPECT_NE(text.find(c.text), std::string::npos) << text;
  }
}

TEST(AugmentProgramTest, FoldsLeadingFlipsAndCropsIntoTheRegion) {
  // The middle of 30x20 is columns 10 to 19 either way; its mirrored columns 3 to 6 are 13 to 16.
  const OpConfig crop = MakeOpConfig(
      "random_resized_crop", {{"size", int64_t{8}}, {"at", std::vector<double>{2, 3, 5, 4}}});
  const auto program = MakeProgram({FlipConfig(1), CenterConfig(10, 10), crop, FlipConfig(1)});
  const Recipe recipe = MakeRecipe(*program, {}, {30, 20});
  EXPECT_EQ(recipe.region, (RectPx{13, 7, 4, 5}));
  EXPECT_EQ(recipe.first_draw, 2u);
  EXPECT_TRUE(recipe.mirrored);
}

TEST(AugmentProgramTest, OpsThatOnlyMirrorAndCropNeedNoScratch) {
  const auto program =
      MakeProgram({FlipConfig(1), CenterConfig(10, 10), FlipConfig(1), CenterConfig(4, 6)});
  const Recipe recipe = MakeRecipe(*program, {}, {30, 20});
  EXPECT_EQ(recipe.first_draw, recipe.list_count);
  EXPECT_EQ(program->ScratchBytes(recipe), 0u);
  EXPECT_EQ(recipe.region, (RectPx{12, 8, 6, 4}));
  EXPECT_FALSE(recipe.mirrored);
}

TEST(AugmentProgramTest, AnEmptyListGivesThePictureItself) {
  const auto program = MakeProgram({});
  const Bitmap picture = MakePicture({13, 7}, 1);
  const Recipe recipe = MakeRecipe(*program, {}, picture.size);
  EXPECT_EQ(Applied(*program, recipe, picture), picture);
}

TEST(AugmentProgramTest, RefusesPixelsAndScratchThatDoNotFitTheRecipe) {
  const auto program = MakeProgram({CropConfig(16, 16)});
  const Recipe recipe = MakeRecipe(*program, {}, {40, 30});
  const Bitmap region = MakePicture(recipe.region.size(), 1);
  GuardedScratch scratch(program->ScratchBytes(recipe));
  ConstImageView out;
  simd::FlipColumns flip;
  const auto apply = [&](const Recipe& r, ConstImageView pixels, std::span<std::byte> memory) {
    return program->Apply(r, pixels, memory, &out, &flip, nullptr).code();
  };
  EXPECT_EQ(apply(recipe, region.view(), scratch.span()), Code::kOk);
  EXPECT_EQ(apply(recipe, region.view(), scratch.span().first(scratch.span().size() - 1)),
            Code::kInternal);
  ConstImageView narrow = region.view();
  narrow.width -= 1;
  EXPECT_EQ(apply(recipe, narrow, scratch.span()), Code::kInternal);
  Recipe other = recipe;
  EXPECT_EQ(program->MakeRecipe({}, {0, 5}, &other).code(), Code::kInternal);
  other.list.clear();
  EXPECT_EQ(program->MakeRecipe({}, {40, 30}, &other).code(), Code::kInternal);
}

// A list of one to five ops with sizes small enough for a plain twin.
std::vector<OpConfig> RandomOps(RandomStream* random, const std::string& interpolation) {
  std::vector<OpConfig> ops;
  const uint32_t count = 1 + random->NextBelow(5);
  const auto side = [&] { return static_cast<double>(1 + random->NextBelow(40)); };
  for (uint32_t i = 0; i < count; ++i) {
    const double p = random->NextBelow(3) == 0 ? 0.5 : 1.0;
    Params params{{"interpolation", interpolation}};
    switch (random->NextBelow(7)) {
      case 0:
      case 1: ops.push_back(FlipConfig(p)); continue;
      case 6: ops.push_back(MakeOpConfig("random_vertical_flip", {}, p)); continue;
      case 2: ops.push_back(CenterConfig(side(), side())); break;
      case 3:
        params["size"] = std::vector<double>{side(), side()};
        ops.push_back(MakeOpConfig("resize", params));
        break;
      case 4:
        params["size"] = std::vector<double>{1 + static_cast<double>(random->NextBelow(24))};
        ops.push_back(MakeOpConfig("resize", params));
        break;
      default:
        params["size"] = std::vector<double>{side(), side()};
        ops.push_back(MakeOpConfig("random_resized_crop", params));
        break;
    }
    ops.back().p = p;
  }
  return ops;
}

TEST(AugmentProgramTest, EqualsTheOpsOneByOneOnWholePictures) {
  constexpr std::pair<const char*, simd::Filter> kFilters[] = {
      {"bilinear", simd::Filter::kBilinear},
      {"bicubic", simd::Filter::kBicubic},
      {"lanczos", simd::Filter::kLanczos},
      {"box", simd::Filter::kBox}};
  int mirrored = 0;
  int upside_down = 0;
  int folded = 0;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random({.seed = seed, .name = "test"});
    const auto& [interpolation, filter] = kFilters[random.NextBelow(4)];
    const std::vector<OpConfig> ops = RandomOps(&random, interpolation);
    const SizePx size{1 + random.NextBelow(60), 1 + random.NextBelow(60)};
    const auto program = MakeProgram(ops);
    const Bitmap picture = MakePicture(size, static_cast<uint32_t>(seed));
    const Recipe recipe = MakeRecipe(*program, {.seed = seed, .id = seed}, size);
    ASSERT_LE(recipe.region.x + recipe.region.width, size.width);
    ASSERT_LE(recipe.region.y + recipe.region.height, size.height);
    ASSERT_EQ(Applied(*program, recipe, picture), AppliedInOrder(ops, recipe, picture, filter));
    mirrored += recipe.mirrored ? 1 : 0;
    upside_down += recipe.upside_down ? 1 : 0;
    folded += recipe.region.size() == size ? 0 : 1;
  }
  // The interesting cases were there.
  EXPECT_GT(mirrored, 150);
  EXPECT_GT(upside_down, 50);
  EXPECT_GT(folded, 150);
}

TEST(AugmentProgramTest, DoesNotAllocatePerSample) {
  OpConfig maybe = CenterConfig(70, 20);
  maybe.p = 0.5;
  maybe.except_classes = {"b"};
  const auto program =
      MakeProgram({FlipConfig(0.5), CropConfig(32, 32), FlipConfig(0.5), maybe, CropConfig(16, 20)},
                  {"a", "b"});
  const Bitmap picture = MakePicture({60, 50}, 1);
  Recipe recipe;
  program->Prepare(&recipe);
  GuardedScratch scratch(1 << 20);
  ConstImageView out;
  simd::FlipColumns flip;
  AugmentProgram::Timing timing;
  bool good = true;
  const uint64_t before = testing::AllocationCount();
  for (uint64_t id = 0; id < 200; ++id) {
    const SampleKey key{.seed = 1, .id = id, .label = static_cast<int64_t>(id % 2)};
    good = good && program->MakeRecipe(key, picture.size, &recipe).ok();
    good = good && program->ScratchBytes(recipe) <= scratch.span().size();
    good = good && program
                       ->Apply(recipe, picture.view().Crop(recipe.region), scratch.span(), &out,
                               &flip, &timing)
                       .ok();
  }
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_TRUE(good);
  EXPECT_GT(timing.resize_ns, 0u);
  EXPECT_GT(timing.ops_ns, 0u);
  ::operator delete(::operator new(1));  // called by name, so no compiler leaves it out
  EXPECT_GT(testing::AllocationCount(), before) << "the counter does not count";
}

}  // namespace
}  // namespace headrace::loader
