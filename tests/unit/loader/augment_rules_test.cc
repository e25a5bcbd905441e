// Class rules, remap and the independence of random streams.
#include <gtest/gtest.h>

#include "loader/augment/class_rules.h"
#include "tests/unit/loader/augment_pictures.h"

namespace headrace::loader {
namespace {

const std::vector<std::string> kDigits = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
constexpr SizePx kSize{200, 150};

std::string RulesError(const OpConfig& config, const std::vector<std::string>& classes) {
  ClassRules rules;
  ConfigError error;
  EXPECT_FALSE(rules.Make(config, classes, &error));
  EXPECT_EQ(error.code, Code::kConfigValue);
  return error.text;
}

TEST(ClassRulesTest, AnExceptedClassIsNeverFlippedAndEveryOtherIs) {
  OpConfig flip = FlipConfig(1);
  flip.except_classes = {"6", "9"};
  const auto program = MakeProgram({flip}, kDigits);
  Recipe recipe;
  program->Prepare(&recipe);
  for (uint64_t id = 0; id < 10000; ++id) {
    ASSERT_TRUE(program->MakeRecipe({.id = id, .label = 6}, kSize, &recipe).ok());
    ASSERT_FALSE(recipe.steps[0].fires);
    ASSERT_FALSE(recipe.mirrored);
    const int64_t other = static_cast<int64_t>(id % 10);
    ASSERT_TRUE(program->MakeRecipe({.id = id, .label = other}, kSize, &recipe).ok());
    ASSERT_EQ(recipe.mirrored, other != 6 && other != 9);
  }
}

TEST(ClassRulesTest, OnlyClassesLimitAndExceptionsWin) {
  OpConfig flip = FlipConfig(1);
  flip.only_classes = {"1", "2", "6"};
  flip.except_classes = {"6"};
  const auto program = MakeProgram({flip}, kDigits);
  for (int64_t label = -1; label < 10; ++label) {
    const Recipe recipe = MakeRecipe(*program, {.label = label}, kSize);
    EXPECT_EQ(recipe.steps[0].fires, label == 1 || label == 2) << label;
  }
}

TEST(ClassRulesTest, ASampleWithoutALabelIsInNoList) {
  OpConfig except = FlipConfig(1);
  except.except_classes = {"6"};
  EXPECT_TRUE(MakeRecipe(*MakeProgram({except}, kDigits), {.label = -1}, kSize).steps[0].fires);
}

TEST(ClassRulesTest, AnUnknownClassNamesTheOpAndTheKnownClasses) {
  OpConfig flip = FlipConfig(1);
  flip.line = 9;
  flip.except_classes = {"six"};
  EXPECT_EQ(RulesError(flip, {"a", "b"}),
            "[[augment]] random_horizontal_flip (line 9): except_classes: there is no class "
            "\"six\"; the classes are a, b");
  EXPECT_NE(RulesError(flip, {}).find("no classes are known"), std::string::npos);
  std::vector<std::string> many(40, "c");
  EXPECT_NE(RulesError(flip, many).find("and 30 more"), std::string::npos);
}

TEST(ClassRulesTest, RemapChangesPictureAndLabelTogether) {
  OpConfig flip = FlipConfig(0.5);
  flip.remap = {{"left", "right"}};
  const auto program = MakeProgram({flip}, {"left", "other", "right"});
  int flips = 0;
  for (uint64_t id = 0; id < 1000; ++id) {
    for (int64_t label = -1; label < 3; ++label) {
      const Recipe recipe = MakeRecipe(*program, {.id = id, .label = label}, kSize);
      const int64_t mirrored_label = label == 0 ? 2 : label == 2 ? 0 : label;
      ASSERT_EQ(recipe.label, recipe.mirrored ? mirrored_label : label);
      flips += recipe.mirrored ? 1 : 0;
    }
  }
  EXPECT_NEAR(flips, 2000, 400);  // four labels share one draw: sigma is 4 * 15.8
}

TEST(ClassRulesTest, TwoFlipsGiveTheFirstLabelBack) {
  OpConfig flip = FlipConfig(1);
  flip.remap = {{"left", "right"}, {"right", "left"}};
  const auto program = MakeProgram({flip, flip}, {"left", "right"});
  const Recipe recipe = MakeRecipe(*program, {.label = 1}, kSize);
  EXPECT_EQ(recipe.label, 1);
  EXPECT_FALSE(recipe.mirrored);
}

TEST(ClassRulesTest, RulesGoByTheSamplesOwnLabel) {
  OpConfig renaming = FlipConfig(1);
  renaming.remap = {{"left", "right"}};
  OpConfig only_left = FlipConfig(1);
  only_left.only_classes = {"left"};
  const auto program = MakeProgram({renaming, only_left}, {"left", "right"});
  EXPECT_TRUE(MakeRecipe(*program, {.label = 0}, kSize).steps[1].fires);
  EXPECT_FALSE(MakeRecipe(*program, {.label = 1}, kSize).steps[1].fires);
}

TEST(ClassRulesTest, AVetoWinsOverRemap) {
  OpConfig flip = FlipConfig(1);
  flip.remap = {{"left", "right"}};
  flip.except_classes = {"left"};
  const auto program = MakeProgram({flip}, {"left", "right"});
  EXPECT_EQ(MakeRecipe(*program, {.label = 0}, kSize).label, 0);
  EXPECT_EQ(MakeRecipe(*program, {.label = 1}, kSize).label, 0);
}

TEST(ClassRulesTest, RemapMustBeItsOwnInverse) {
  OpConfig flip = FlipConfig(1);
  flip.remap = {{"a", "b"}, {"b", "c"}};
  EXPECT_NE(RulesError(flip, {"a", "b", "c"}).find("flipping twice"), std::string::npos);
  flip.remap = {{"a", "c"}, {"b", "c"}};
  EXPECT_NE(RulesError(flip, {"a", "b", "c"}).find("flipping twice"), std::string::npos);
  OpConfig crop = CropConfig(8, 8);
  crop.remap = {{"a", "b"}};
  EXPECT_NE(RulesError(crop, {"a", "b"}).find("only flips"), std::string::npos);
}

// Draws of the ops that both lists have, in order, for many samples.
std::vector<RectPx> CropsOf(const AugmentProgram& program, size_t index) {
  std::vector<RectPx> rects;
  Recipe recipe;
  program.Prepare(&recipe);
  for (uint64_t id = 0; id < 300; ++id) {
    EXPECT_TRUE(program.MakeRecipe({.seed = 2, .id = id, .label = 1}, kSize, &recipe).ok());
    rects.push_back(recipe.list[recipe.steps[index].first].rect);
  }
  return rects;
}

TEST(StreamsTest, AnAddedOpOrRuleLeavesAllOtherDraws) {
  const auto plain = CropsOf(*MakeProgram({CropConfig(8, 8), FlipConfig(0.5)}), 0);
  OpConfig ruled = FlipConfig(1);
  ruled.except_classes = {"1"};
  EXPECT_EQ(CropsOf(*MakeProgram({ruled, CropConfig(8, 8)}, kDigits), 1), plain);
  EXPECT_EQ(CropsOf(*MakeProgram({FlipConfig(0), FlipConfig(1), CropConfig(8, 8)}), 2), plain);
  // The control: another occurrence of the name is another stream.
  EXPECT_NE(CropsOf(*MakeProgram({CropConfig(150, 200), CropConfig(8, 8)}), 1), plain);
}

TEST(StreamsTest, EveryPartOfTheKeyMatters) {
  const auto program = MakeProgram({CropConfig(8, 8)});
  const auto rect = [&](const SampleKey& key) {
    return MakeRecipe(*program, key, kSize).list[0].rect;
  };
  const SampleKey key{.seed = 1, .epoch = 2, .id = 3};
  EXPECT_EQ(rect(key), rect({.seed = 1, .epoch = 2, .id = 3, .label = 7}));
  EXPECT_NE(rect(key), rect({.seed = 2, .epoch = 2, .id = 3}));
  EXPECT_NE(rect(key), rect({.seed = 1, .epoch = 3, .id = 3}));
  EXPECT_NE(rect(key), rect({.seed = 1, .epoch = 2, .id = 4}));
}

TEST(StreamsTest, PIsTheShareThatFires) {
  const auto program = MakeProgram({FlipConfig(0.3), FlipConfig(0), FlipConfig(1)});
  Recipe recipe;
  program->Prepare(&recipe);
  int fired = 0;
  for (uint64_t id = 0; id < 20000; ++id) {
    ASSERT_TRUE(program->MakeRecipe({.id = id}, kSize, &recipe).ok());
    fired += recipe.steps[0].fires ? 1 : 0;
    ASSERT_FALSE(recipe.steps[1].fires);
    ASSERT_TRUE(recipe.steps[2].fires);
  }
  EXPECT_NEAR(fired, 6000, 4.9 * 64.8);  // p = 1e-6
}

}  // namespace
}  // namespace headrace::loader
