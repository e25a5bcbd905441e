// gaussian_blur and the noise ops.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "loader/augment/op.h"
#include "simd/reference_blur.h"
#include "simd/reference_noise.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/augment_replay.h"

namespace headrace::loader {
namespace {

constexpr const char* kLists[] = {
    "op = \"gaussian_blur\"",
    "op = \"gaussian_blur\"\nkernel_size = [23, 3]\nsigma = [0.1, 5.0]",
    "op = \"gaussian_noise\"\nsigma = [0.0, 0.5]",
    "op = \"gaussian_noise\"\nmean = 0.2\nclip = false\nper_channel = false\ntrunc = true",
    "op = \"salt_pepper_noise\"\namount = [0.0, 1.0]\nsalt_vs_pepper = 0.25",
    "op = \"salt_pepper_noise\"\nper_channel = true",
    "op = \"speckle_noise\"\nsigma = [0.1, 0.2]\nmean = -0.1",
    "op = \"poisson_noise\"",
    "op = \"poisson_noise\"\npeak = [1, 1000000]"};

Bitmap Ran(const std::string& body, const Bitmap& picture, uint64_t id = 0) {
  const auto program = MakeProgram(ParsedOp(body));
  return Applied(*program, MakeRecipe(*program, {.seed = 1, .id = id}, picture.size), picture);
}

TEST(AugmentNoiseTest, WhatIsExplainedReplays) {
  for (const char* body : kLists) {
    ExpectReplays(ParsedOp(body), MakePicture({33, 21}, 4), 10);
  }
}

TEST(AugmentNoiseTest, FlipsBeforeAreSeen) {
  for (const char* body : kLists) ExpectSeesFlips(ParsedOp(body), MakePicture({30, 17}, 8));
}

TEST(AugmentNoiseTest, AnySizeWorks) {
  for (const char* body : kLists) {
    for (const SizePx size : {SizePx{1, 1}, {1, 7}, {7, 1}, {2, 2}, {3, 3}, {400, 2}}) {
      EXPECT_EQ(Ran(body, MakePicture(size, 1)).size, size) << body;
    }
  }
}

TEST(AugmentNoiseTest, NothingChangesAtNoStrength) {
  const Bitmap picture = MakePicture({40, 30}, 2);
  for (const char* body :
       {"op = \"gaussian_noise\"\nsigma = 0", "op = \"speckle_noise\"\nsigma = 0",
        "op = \"salt_pepper_noise\"\namount = 0", "op = \"gaussian_blur\"\nsigma = [0.1, 0.1]",
        "op = \"gaussian_blur\"\nkernel_size = 1"}) {
    EXPECT_EQ(Ran(body, picture), picture) << body;
  }
}

TEST(AugmentNoiseTest, TheStrengthIsDrawnBeforeTheKey) {
  const Bitmap picture = MakePicture({20, 20}, 3);
  const auto program = MakeProgram(ParsedOp("op = \"gaussian_noise\"\nsigma = [0.1, 0.3]"));
  for (uint64_t id = 0; id < 20; ++id) {
    RandomStream stream({.seed = 9, .epoch = 1, .unit = id, .name = "gaussian_noise"});
    stream.NextUnit();  // whether it fires
    const double sigma = stream.NextUniform(0.1, 0.3);
    uint64_t key = stream.NextU32();
    key |= uint64_t{stream.NextU32() & 0x1FFFFF} << 32;
    const Recipe recipe = MakeRecipe(*program, {.seed = 9, .epoch = 1, .id = id}, picture.size);
    EXPECT_EQ(OnlyDraw(recipe).values[0], sigma);
    Bitmap wanted = picture;
    simd::reference::AddGaussianNoise(picture.view(), {.sigma = sigma}, key, wanted.view());
    EXPECT_EQ(Applied(*program, recipe, picture), wanted);
    EXPECT_NE(program->Explain(recipe).find("noise_key = " + std::to_string(key)),
              std::string::npos);
  }
}

TEST(AugmentNoiseTest, EachOpIsItsKernel) {
  const Bitmap picture = MakePicture({31, 24}, 6);
  constexpr uint64_t kKey = 9007199254740991;
  const std::string key = "\nnoise_key = 9007199254740991";
  Bitmap wanted = picture;
  simd::reference::AddSpeckleNoise(picture.view(), 0.1, 0.3, kKey, wanted.view());
  EXPECT_EQ(Ran("op = \"speckle_noise\"\nsigma = 0.3\nmean = 0.1" + key, picture), wanted);
  simd::reference::AddSaltPepperNoise(picture.view(), {0.4, 0.3, true}, kKey, wanted.view());
  EXPECT_EQ(Ran("op = \"salt_pepper_noise\"\namount = 0.4\nsalt_vs_pepper = 0.3\n"
                "per_channel = true" +
                    key,
                picture),
            wanted);
  const auto table = std::make_unique<simd::PoissonTable>();
  simd::MakePoissonTable(60, table.get());
  simd::reference::AddPoissonNoise(picture.view(), *table, kKey, wanted.view());
  EXPECT_EQ(Ran("op = \"poisson_noise\"\npeak = 60" + key, picture), wanted);
  simd::reference::GaussianBlur(picture.view(), {7, 5, 1.5}, wanted.view());
  EXPECT_EQ(Ran("op = \"gaussian_blur\"\nkernel_size = [7, 5]\nsigma = 1.5", picture), wanted);
}

TEST(AugmentNoiseTest, OpsThatFollowEachOtherShareAPicture) {
  // In place on the one before, and the same as one by one.
  const Bitmap picture = MakePicture({50, 40}, 1);
  std::string entries;
  for (const char* body : kLists) entries += "[[augment]]\n" + std::string(body) + "\n";
  const std::vector<OpConfig> ops = ParsedOps(entries);
  const auto program = MakeProgram(ops);
  for (uint64_t id = 0; id < 5; ++id) {
    const Recipe recipe = MakeRecipe(*program, {.seed = 2, .id = id}, picture.size);
    Bitmap wanted = picture;
    for (const OpDraw& draw : recipe.draws()) {
      Bitmap next(picture.size);
      GuardedScratch scratch(draw.op->ScratchBytes(draw));
      Picture now{.pixels = wanted.view()};
      const OpMemory memory{std::as_writable_bytes(std::span(next.bytes)), scratch.span()};
      ASSERT_TRUE(draw.op->Run(draw, memory, &now).ok());
      ASSERT_TRUE(scratch.GuardIsWhole());
      wanted = Copied(now.pixels, simd::FlipColumns::kNo);
    }
    EXPECT_EQ(Applied(*program, recipe, picture), wanted);
  }
}

TEST(AugmentNoiseTest, NothingIsAllocatedOnceMade) {
  std::string entries;
  for (const char* body : kLists) entries += "[[augment]]\n" + std::string(body) + "\n";
  const auto program = MakeProgram(ParsedOps(entries));
  const Bitmap picture = MakePicture({64, 48}, 1);
  Recipe recipe = MakeRecipe(*program, {}, picture.size);
  GuardedScratch scratch(program->ScratchBytes(recipe));
  ConstImageView out;
  simd::FlipColumns flip{};
  bool good = true;
  const uint64_t before = testing::AllocationCount();
  for (uint64_t id = 0; id < 20; ++id) {
    good = good && program->MakeRecipe({.id = id}, picture.size, &recipe).ok();
    good = good && program->ScratchBytes(recipe) <= scratch.span().size();
    good =
        good && program->Apply(recipe, picture.view(), scratch.span(), &out, &flip, nullptr).ok();
  }
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_TRUE(good);
}

TEST(AugmentNoiseTest, ParametersAreCheckedAgain) {
  const std::vector<OpConfig> wrong = {
      MakeOpConfig("gaussian_noise", {{"sigma", Range{-1, 0}}}),
      MakeOpConfig("gaussian_noise", {{"clip", 1.0}}),
      MakeOpConfig("gaussian_noise", {{"noise_key", int64_t{-1}}}),
      MakeOpConfig("speckle_noise", {{"mean", 2.0}}),
      MakeOpConfig("salt_pepper_noise", {{"amount", Range{0, 1.5}}}),
      MakeOpConfig("poisson_noise", {{"peak", Range{0, 5}}}),
      MakeOpConfig("poisson_noise", {{"peak", Range{1, 2e6}}}),
      MakeOpConfig("gaussian_blur", {{"kernel_size", std::vector<double>{4, 5}}}),
      MakeOpConfig("gaussian_blur", {{"sigma", Range{0, 1}}})};
  for (const OpConfig& config : wrong) {
    ConfigError error;
    EXPECT_EQ(MakeOp(config, &error), nullptr) << config.op;
    EXPECT_NE(error.text.find(config.op), std::string::npos);
  }
}

}  // namespace
}  // namespace headrace::loader
