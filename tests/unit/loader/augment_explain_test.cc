// A recipe printed as TOML, parsed again and applied gives the same bytes.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "loader/config_toml.h"
#include "tests/unit/loader/augment_pictures.h"

namespace headrace::loader {
namespace {

std::vector<OpConfig> Parsed(const std::string& augment) {
  const std::string text = "[dataset]\npath = \"unused\"\n" + augment;
  Config config;
  ConfigError error;
  EXPECT_TRUE(ParseConfig({.text = text}, &config, &error)) << error.text << "\n" << text;
  return config.augment;
}

TEST(AugmentExplainTest, GivesTheSameBytesAgainUnderAnyKey) {
  const std::vector<OpConfig> ops = Parsed(R"(
    [[augment]]
    op = "random_horizontal_flip"
    [[augment]]
    op = "resize"
    size = 40
    max_size = 60
    p = 0.5
    interpolation = "bicubic"
    [[augment]]
    op = "random_resized_crop"
    size = [20, 26]
    p = 0.7
    [[augment]]
    op = "random_horizontal_flip"
    p = 0.3
    [[augment]]
    op = "center_crop"
    size = [22, 24]
    p = 0.6
  )");
  ASSERT_EQ(ops.size(), 5u);
  const auto program = MakeProgram(ops);
  const Bitmap picture = MakePicture({57, 43}, 5);
  for (uint64_t id = 0; id < 100; ++id) {
    const Recipe recipe = MakeRecipe(*program, {.seed = 11, .id = id}, picture.size);
    const std::string toml = program->Explain(recipe);
    const auto again = MakeProgram(Parsed(toml));
    const Recipe fixed = MakeRecipe(*again, {.seed = 999, .epoch = 3, .id = id + 1}, picture.size);
    ASSERT_EQ(Applied(*again, fixed, picture), Applied(*program, recipe, picture)) << toml;
    ASSERT_EQ(again->Explain(fixed), toml);
  }
}

TEST(AugmentExplainTest, ShowsEachDraw) {
  const auto program = MakeProgram(
      Parsed("[[augment]]\nop = \"random_horizontal_flip\"\np = 0\n"
             "[[augment]]\nop = \"random_resized_crop\"\nsize = 8\nat = [1, 2, 3, 4]\n"));
  EXPECT_EQ(program->Explain(MakeRecipe(*program, {}, {10, 10})),
            "[[augment]]\nop = \"random_horizontal_flip\"\np = 0.0\n\n"
            "[[augment]]\nop = \"random_resized_crop\"\np = 1.0\nsize = [8, 8]\n"
            "at = [1, 2, 3, 4]\ninterpolation = \"bilinear\"\n");
}

}  // namespace
}  // namespace headrace::loader
