// A recipe printed as TOML, parsed again and applied gives the same bytes.
#include <gtest/gtest.h>

#include "tests/unit/loader/augment_replay.h"

namespace headrace::loader {
namespace {

TEST(AugmentExplainTest, GivesTheSameBytesAgainUnderAnyKey) {
  const std::vector<OpConfig> ops = ParsedOps(R"(
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
  ExpectReplays(ops, MakePicture({57, 43}, 5), 100);
}

TEST(AugmentExplainTest, ShowsEachDraw) {
  const auto program = MakeProgram(
      ParsedOps("[[augment]]\nop = \"random_horizontal_flip\"\np = 0\n"
                "[[augment]]\nop = \"random_resized_crop\"\nsize = 8\nat = [1, 2, 3, 4]\n"));
  EXPECT_EQ(program->Explain(MakeRecipe(*program, {}, {10, 10})),
            "[[augment]]\nop = \"random_horizontal_flip\"\np = 0.0\n\n"
            "[[augment]]\nop = \"random_resized_crop\"\np = 1.0\nsize = [8, 8]\n"
            "at = [1, 2, 3, 4]\ninterpolation = \"bilinear\"\n");
}

}  // namespace
}  // namespace headrace::loader
