// auto_augment, rand_augment and trivial_augment_wide: what they draw, in which order, how often;
// vetoes; that nothing is allocated.
#include <gtest/gtest.h>

#include <map>

#include "loader/augment/policy_tables.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/augment_policy_draws.h"

namespace headrace::loader {
namespace {

constexpr SizePx kSize = {53, 37};

// The sign, and what else every op draws.
struct TwinTurn {
  Sign sign = Sign::kPlus;
  bool bicubic = false;
  uint32_t hole_x = 0;
  uint32_t hole_y = 0;
};
TwinTurn DrawTurn(RandomStream* stream, PolicyOp op, bool random_interpolation) {
  TwinTurn turn;
  turn.sign = stream->NextBelow(2) == 1 ? Sign::kMinus : Sign::kPlus;
  if (random_interpolation) turn.bicubic = stream->NextBelow(2) == 1;
  if (op == PolicyOp::kCutout) {
    turn.hole_y = stream->NextBelow(kSize.height);
    turn.hole_x = stream->NextBelow(kSize.width);
  }
  return turn;
}

void AddTwin(LevelMap map, PolicyOp op, PolicyLevel level, const TwinTurn& turn,
             std::vector<DrawnOp>* drawn) {
  double amount = PolicyAmount(map, op, level, turn.sign, kSize);
  if (op == PolicyOp::kCutout) {
    // What is left of the hole inside of the picture.
    const int half = static_cast<int>(amount) / 2, x = static_cast<int>(turn.hole_x);
    amount = std::min(x + half, static_cast<int>(kSize.width)) - std::max(x - half, 0);
  }
  AddDrawn(op, amount, drawn);
}

template <class Twin>
void ExpectDraws(const std::string& text, std::string_view op, const Twin& twin) {
  const auto program = PolicyProgram(text);
  ASSERT_NE(program, nullptr);
  for (uint64_t id = 0; id < 1000; ++id) {
    const SampleKey key{.seed = 5, .epoch = 2, .id = id};
    RandomStream stream = StreamOf(key, op);
    std::vector<DrawnOp> wanted;
    twin(&stream, &wanted);
    ASSERT_EQ(DrawnOps(MakeRecipe(*program, key, kSize)), wanted) << text << " sample " << id;
  }
}

TEST(AugmentPolicyTest, AutoAugmentDrawsAsDocumented) {
  for (const PolicyTable& table : PolicyTables()) {
    const bool tf = table.levels_only;
    const std::string text = "op = \"auto_augment\", policy = \"" + std::string(table.name) + "\"" +
                             (tf ? ", profile = \"tf\"" : "");
    ExpectDraws(text, "auto_augment", [&](RandomStream* stream, std::vector<DrawnOp>* drawn) {
      for (const PolicyStep& step : table.pairs[stream->NextBelow(25)]) {
        const bool fires = stream->NextUnit() < step.p;
        const TwinTurn turn = DrawTurn(stream, step.op, false);
        if (!fires) continue;
        AddTwin(tf ? LevelMap::kTf : LevelMap::kTorchvision, step.op, {step.magnitude, 10}, turn,
                drawn);
      }
    });
  }
}

TEST(AugmentPolicyTest, AutoAugmentOfTimmPosterizesLessInThePolicyOfThePaper) {
  for (const PolicyTable& table : PolicyTables()) {
    const LevelMap map = table.levels_only ? LevelMap::kTimm : LevelMap::kTimmOriginal;
    const std::string text =
        "op = \"auto_augment\", profile = \"timm\", policy = \"" + std::string(table.name) + "\"";
    ExpectDraws(text, "auto_augment", [&](RandomStream* stream, std::vector<DrawnOp>* drawn) {
      for (const PolicyStep& step : table.pairs[stream->NextBelow(25)]) {
        const bool fires = stream->NextUnit() < step.p;
        const TwinTurn turn = DrawTurn(stream, step.op, true);
        if (fires) AddTwin(map, step.op, {step.magnitude, 10}, turn, drawn);
      }
    });
  }
}

TEST(AugmentPolicyTest, RandAugmentDrawsAsDocumented) {
  struct Case {
    const char* text;
    PolicyProfile profile;
    LevelMap map;
    PolicyLevel level;
    int layers;
  };
  const Case kCases[] = {
      {"op = \"rand_augment\"", PolicyProfile::kTorchvision, LevelMap::kTorchvision, {9, 31}, 2},
      {"op = \"rand_augment\", num_ops = 5, magnitude = 30",
       PolicyProfile::kTorchvision,
       LevelMap::kTorchvision,
       {30, 31},
       5},
      {"op = \"rand_augment\", num_ops = 3, magnitude = 17, profile = \"tf\"",
       PolicyProfile::kTf,
       LevelMap::kTfRand,
       {17, 0},
       3},
  };
  for (const Case& c : kCases) {
    const auto list = RandAugmentOps(c.profile);
    ExpectDraws(c.text, "rand_augment", [&](RandomStream* stream, std::vector<DrawnOp>* drawn) {
      for (int i = 0; i < c.layers; ++i) {
        const PolicyOp op = list[stream->NextBelow(static_cast<uint32_t>(list.size()))];
        AddTwin(c.map, op, c.level, DrawTurn(stream, op, false), drawn);
      }
    });
  }
}

TEST(AugmentPolicyTest, TimmsTextsDrawAsDocumented) {
  struct Case {
    const char* text;
    LevelMap map;
    double p, m, spread, most;
  };
  const Case kCases[] = {
      {"config = \"rand-m9-mstd0.5-inc1\"", LevelMap::kTimmIncreasing, 0.5, 9, 0.5, 10},
      {"config = \"rand-m7.5-p0.9-mstd101\"", LevelMap::kTimm, 0.9, 7.5, 101, 10},
      {"config = \"rand-m12-p1-mmax20\"", LevelMap::kTimm, 1, 12, 0, 20},
      {"profile = \"timm\", magnitude = 4", LevelMap::kTimm, 0.5, 4, 0, 10},
  };
  const auto list = RandAugmentOps(PolicyProfile::kTimm);
  for (const Case& c : kCases) {
    const std::string text = "op = \"rand_augment\", " + std::string(c.text);
    ExpectDraws(text, "rand_augment", [&](RandomStream* stream, std::vector<DrawnOp>* drawn) {
      for (int i = 0; i < 2; ++i) {
        const PolicyOp op = list[stream->NextBelow(15)];
        const bool fires = stream->NextUnit() < c.p;
        const TwinTurn turn = DrawTurn(stream, op, true);
        double level = c.m;
        if (c.spread > 100) {
          level = stream->NextUniform(0, c.m);
        } else if (c.spread > 0) {
          level = c.m + c.spread * stream->NextNormal();
        }
        level = std::clamp(level, 0.0, c.most);
        if (fires) AddTwin(c.map, op, {level, 0}, turn, drawn);
      }
    });
  }
}

TEST(AugmentPolicyTest, TrivialAugmentDrawsAsDocumented) {
  for (const uint32_t bins : {31u, 10u}) {
    const auto list = TrivialAugmentOps();
    ExpectDraws("op = \"trivial_augment_wide\", num_magnitude_bins = " + std::to_string(bins),
                "trivial_augment_wide", [&](RandomStream* stream, std::vector<DrawnOp>* drawn) {
                  const PolicyOp op = list[stream->NextBelow(14)];
                  const double bin = HasMagnitude(op) ? stream->NextBelow(bins) : 0;
                  AddTwin(LevelMap::kTorchvisionWide, op, {bin, static_cast<int>(bins)},
                          DrawTurn(stream, op, false), drawn);
                });
  }
}

// How often each op of RandAugment comes, the identity last, and how often a side is the minus.
TEST(AugmentPolicyTest, EveryOpAndSideIsEquallyLikely) {
  const auto program = PolicyProgram("op = \"rand_augment\", num_ops = 1");
  std::map<PolicyOp, size_t> seen;
  size_t minus = 0, sides = 0;
  constexpr size_t kSamples = 70000;
  for (uint64_t id = 0; id < kSamples; ++id) {
    const auto drawn = DrawnOps(MakeRecipe(*program, {.seed = 77, .id = id}, kSize));
    const PolicyOp op = drawn.empty() ? PolicyOp::kIdentity : drawn[0].op;
    ++seen[op];
    if (op == PolicyOp::kShearX || op == PolicyOp::kTranslateY) {
      ++sides;
      minus += drawn[0].amount < 0 ? 1 : 0;
    }
  }
  std::vector<size_t> counts;
  for (const auto& [op, count] : seen) counts.push_back(count);
  ASSERT_EQ(counts.size(), 14u);
  EXPECT_LT(ChiSquare(counts), ChiSquareLimit(14));
  EXPECT_LT(ChiSquare({minus, sides - minus}), ChiSquareLimit(2));
  // The control: an op that is a fifth likelier than the others is found out.
  counts[3] += counts[3] / 5;
  EXPECT_GT(ChiSquare(counts), ChiSquareLimit(14));
}

TEST(AugmentPolicyTest, SubPoliciesAreEquallyLikely) {
  // Sub-policies of one op each, with 24 thresholds that tell which.
  OpConfig config = ParsedOps({"op = \"auto_augment\""}).front();
  Policy policy{.profile = PolicyProfile::kTorchvision, .bins = 256, .sub_policies = {}};
  for (int i = 0; i < 24; ++i) {
    policy.sub_policies.push_back({{PolicyOp::kSolarize, 1.0, static_cast<double>(i + 1)}});
  }
  config.policy = policy;
  const auto program = MakeProgram({config});
  std::vector<size_t> counts(24);
  for (uint64_t id = 0; id < 48000; ++id) {
    const auto drawn = DrawnOps(MakeRecipe(*program, {.seed = 3, .id = id}, kSize));
    ASSERT_EQ(drawn.size(), 1u);
    ++counts.at(static_cast<size_t>(std::lround(254 - drawn[0].amount)));
  }
  EXPECT_LT(ChiSquare(counts), ChiSquareLimit(24));
  counts[7] += counts[7] / 4;
  EXPECT_GT(ChiSquare(counts), ChiSquareLimit(24));
}

TEST(AugmentPolicyTest, TrivialAugmentDrawsEveryBin) {
  const auto program = PolicyProgram("op = \"trivial_augment_wide\"");
  std::map<double, size_t> thresholds;
  std::map<double, size_t> bits;
  for (uint64_t id = 0; id < 60000; ++id) {
    for (const DrawnOp& op : DrawnOps(MakeRecipe(*program, {.seed = 9, .id = id}, kSize))) {
      if (op.op == PolicyOp::kSolarize) ++thresholds[op.amount];
      if (op.op == PolicyOp::kPosterize) ++bits[op.amount];
    }
  }
  std::vector<size_t> counts;
  for (const auto& [threshold, count] : thresholds) counts.push_back(count);
  ASSERT_EQ(counts.size(), 31u);
  EXPECT_LT(ChiSquare(counts), ChiSquareLimit(31));
  // 8 - R(i / 5): 2 to 7 bits are drawn (8 changes nothing), the inner ones in five bins.
  EXPECT_EQ(bits.size(), 6u);
  EXPECT_EQ(bits.begin()->first, 2);
}

TEST(AugmentPolicyTest, AVetoLeavesTheOtherOpsAsTheyAre) {
  const std::vector<std::string> texts = {
      "op = \"rand_augment\", except_classes = [\"cat\"]",
      "op = \"trivial_augment_wide\"",
  };
  const auto program = MakeProgram(ParsedOps(texts), {"cat", "dog"});
  for (uint64_t id = 0; id < 300; ++id) {
    const Recipe cat = MakeRecipe(*program, {.seed = 1, .id = id, .label = 0}, kSize);
    const Recipe dog = MakeRecipe(*program, {.seed = 1, .id = id, .label = 1}, kSize);
    EXPECT_FALSE(cat.steps[0].fires);
    EXPECT_EQ(cat.steps[0].count, 0u);
    EXPECT_TRUE(dog.steps[0].fires);
    std::vector<DrawnOp> behind = DrawnOps(dog);
    behind.erase(behind.begin(), behind.begin() + dog.steps[0].count);
    EXPECT_EQ(DrawnOps(cat), behind);
  }
}

TEST(AugmentPolicyTest, AProbabilityIsOfThePolicyAsAWhole) {
  const auto program = PolicyProgram("op = \"rand_augment\", p = 0.25");
  const auto always = PolicyProgram("op = \"rand_augment\"");
  size_t fired = 0;
  for (uint64_t id = 0; id < 4000; ++id) {
    const Recipe recipe = MakeRecipe(*program, {.seed = 1, .id = id}, kSize);
    if (!recipe.steps[0].fires) {
      EXPECT_EQ(recipe.list_count, 0u);
      continue;
    }
    ++fired;
    EXPECT_EQ(DrawnOps(recipe), DrawnOps(MakeRecipe(*always, {.seed = 1, .id = id}, kSize)));
  }
  EXPECT_NEAR(static_cast<double>(fired), 1000, 150);
}

TEST(AugmentPolicyTest, ZeroOpsAreAllowed) {
  const auto program = PolicyProgram("op = \"rand_augment\", num_ops = 0");
  EXPECT_EQ(MakeRecipe(*program, {}, kSize).list_count, 0u);
}

const char* const kPolicies[] = {
    "op = \"auto_augment\"",
    "op = \"auto_augment\", policy = \"cifar10\", interpolation = \"bilinear\", fill = [1, 2, 3]",
    "op = \"auto_augment\", policy = \"svhn\", profile = \"timm\"",
    "op = \"auto_augment\", policy = \"v0\", profile = \"tf\"",
    "op = \"rand_augment\", num_ops = 4",
    "op = \"rand_augment\", config = \"rand-m9-n4-p1-mstd0.5-inc1\"",
    "op = \"rand_augment\", num_ops = 4, profile = \"tf\", magnitude = 14",
    "op = \"trivial_augment_wide\", interpolation = \"random\"",
    "op = \"aug_mix\"",
    "op = \"aug_mix\", all_ops = true, profile = \"torchvision\", severity = 10",
    "op = \"aug_mix\", all_ops = true, profile = \"timm\", chain_depth = 2, mixture_width = 2",
};

TEST(AugmentPolicyTest, AnExplainedPolicyGivesTheSameBytesUnderAnyKey) {
  const Bitmap picture = MakePicture(kSize, 4);
  for (const char* text : kPolicies) {
    const auto program = PolicyProgram(text);
    for (uint64_t id = 0; id < 60; ++id) {
      const Recipe recipe = MakeRecipe(*program, {.seed = 21, .id = id}, kSize);
      const std::string toml = program->Explain(recipe);
      const auto again = toml.empty() ? MakeProgram({}) : PolicyProgram(toml);
      const Recipe fixed = MakeRecipe(*again, {.seed = 2, .epoch = 1, .id = id + 5}, kSize);
      ASSERT_EQ(Applied(*again, fixed, picture), Applied(*program, recipe, picture)) << text << "\n"
                                                                                     << toml;
      ASSERT_EQ(again->Explain(fixed), toml);
    }
  }
}

TEST(AugmentPolicyTest, EverySizeIsTaken) {
  for (const SizePx size : {SizePx{1, 1}, SizePx{1, 7}, SizePx{7, 1}, SizePx{2, 2}, SizePx{3, 3}}) {
    const Bitmap picture = MakePicture(size, 1);
    for (const char* text : kPolicies) {
      const auto program = PolicyProgram(text);
      for (uint64_t id = 0; id < 60; ++id) {
        const Recipe recipe = MakeRecipe(*program, {.seed = 4, .id = id}, size);
        EXPECT_EQ(Applied(*program, recipe, picture).size, size);
      }
    }
  }
}

TEST(AugmentPolicyTest, NothingIsAllocatedForASample) {
  const Bitmap picture = MakePicture(kSize, 2);
  for (const char* text : kPolicies) {
    const auto program = PolicyProgram(text);
    Recipe recipe;
    program->Prepare(&recipe);
    GuardedScratch scratch(size_t{1} << 20);
    for (uint64_t id = 0; id < 200; ++id) {
      const uint64_t before = testing::AllocationCount();
      ConstImageView out;
      simd::FlipColumns flip;
      const bool good =
          program->MakeRecipe({.seed = 6, .id = id}, kSize, &recipe).ok() &&
          program->ScratchBytes(recipe) <= scratch.span().size() &&
          program->Apply(recipe, picture.view(), scratch.span(), &out, &flip, nullptr).ok();
      const uint64_t after = testing::AllocationCount();
      ASSERT_TRUE(good) << text;
      // The first picture may set up tables that are made once.
      ASSERT_TRUE(after == before || id <= 60) << text << " sample " << id;
    }
  }
}

}  // namespace
}  // namespace headrace::loader
