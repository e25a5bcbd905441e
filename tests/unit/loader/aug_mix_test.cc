// aug_mix: its draws, its arithmetic, its replay text.
#include "loader/augment/aug_mix.h"

#include <gtest/gtest.h>

#include <numeric>

#include "loader/augment/aug_mix_replay.h"
#include "loader/augment/policy_tables.h"
#include "tests/support/distribution.h"
#include "tests/unit/loader/augment_policy_draws.h"

namespace headrace::loader {
namespace {

constexpr SizePx kSize = {45, 30};

// What the recipe's only draw explains itself as.
AugMixReplay ReplayOf(const AugmentProgram& program, const Recipe& recipe) {
  const std::string toml = program.Explain(recipe);
  const size_t begin = toml.find("replay = \"") + 10;
  AugMixReplay replay;
  std::string wrong;
  EXPECT_TRUE(ParseAugMixReplay(toml.substr(begin, toml.find('"', begin) - begin), &replay, &wrong))
      << wrong << " in " << toml;
  return replay;
}

TEST(AugMixReplayTest, TextsAreReadBack) {
  for (const char* text :
       {"0|1", "1|0.5 rotate=-8 equalize|0.5", "0.25|1 shear_x=-0.03 translate_y=12 posterize=3",
        "0.1234567890123456|1e-12 solarize=128.5 color=0.1|1 autocontrast invert"}) {
    AugMixReplay replay;
    std::string wrong;
    ASSERT_TRUE(ParseAugMixReplay(text, &replay, &wrong)) << text << ": " << wrong;
    EXPECT_EQ(AugMixReplayText(replay), text);
  }
}

TEST(AugMixReplayTest, OtherTextsAreRefused) {
  for (const char* text : {"",
                           "1",
                           "x|1",
                           "2|1",
                           "-0.1|1",
                           "0.5|",
                           "0.5|1.5",
                           "0.5|1 ",
                           "0.5|1  invert",
                           "0.5|1 rot=3",
                           "0.5|1 rotate",
                           "0.5|1 rotate=",
                           "0.5|1 rotate=nan",
                           "0.5|1 invert=1",
                           "0.5|1 posterize=2.5",
                           "0.5|1 cutout=4",
                           "0.5|1 color=-1",
                           "0.5||",
                           "nan|1",
                           "0.5|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1"}) {
    AugMixReplay replay;
    std::string wrong;
    EXPECT_FALSE(ParseAugMixReplay(text, &replay, &wrong)) << text;
    EXPECT_NE(wrong.find("expected"), std::string::npos);
  }
}

// The draws of docs/ops.md, written a second time.
AugMixReplay Twin(RandomStream* stream, AugMixProfile profile, AugMixOps which, double severity,
                  uint32_t width, double alpha) {
  std::vector<double> logs;
  for (uint32_t i = 0; i < width; ++i) logs.push_back(stream->NextLogGamma(alpha));
  AugMixReplay replay;
  replay.share = stream->NextBeta(alpha, alpha);
  const double most = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double log : logs) sum += std::exp(log - most);
  const auto list = AugMixOpList(profile, which);
  for (uint32_t i = 0; i < width; ++i) {
    AugMixChain& chain = replay.chains.emplace_back();
    chain.weight = std::exp(logs[i] - most) / sum;
    const uint32_t depth = 1 + stream->NextBelow(3);
    for (uint32_t k = 0; k < depth; ++k) {
      const PolicyOp op = list[stream->NextBelow(static_cast<uint32_t>(list.size()))];
      PolicyLevel level{0, 10};
      LevelMap map = LevelMap::kAugMix;
      if (profile == AugMixProfile::kReference)
        level.magnitude = stream->NextUniform(0.1, severity);
      if (profile == AugMixProfile::kTimm) {
        level.magnitude = stream->NextUniform(0, severity);
        map = LevelMap::kTimmAugMix;
      }
      if (profile == AugMixProfile::kTorchvision) {
        level.magnitude = stream->NextBelow(static_cast<uint32_t>(severity));
        map = LevelMap::kTorchvisionAugMix;
      }
      const Sign sign = stream->NextBelow(2) == 1 ? Sign::kMinus : Sign::kPlus;
      chain.steps.push_back({op, PolicyAmount(map, op, level, sign, kSize)});
    }
  }
  return replay;
}

TEST(AugMixTest, DrawsAsDocumented) {
  struct Case {
    const char* text;
    AugMixProfile profile;
    AugMixOps ops;
    double severity;
    uint32_t width;
    double alpha;
  };
  const Case kCases[] = {
      {"", AugMixProfile::kReference, AugMixOps::kWithoutColour, 3, 3, 1},
      {", all_ops = true, severity = 7.5, mixture_width = 2, alpha = 0.3",
       AugMixProfile::kReference, AugMixOps::kAll, 7.5, 2, 0.3},
      {", profile = \"torchvision\", all_ops = true", AugMixProfile::kTorchvision, AugMixOps::kAll,
       3, 3, 1},
      {", profile = \"timm\", mixture_width = 16", AugMixProfile::kTimm, AugMixOps::kWithoutColour,
       3, 16, 1},
  };
  for (const Case& c : kCases) {
    const auto program = PolicyProgram("op = \"aug_mix\"" + std::string(c.text));
    ASSERT_NE(program, nullptr);
    for (uint64_t id = 0; id < 300; ++id) {
      const SampleKey key{.seed = 8, .id = id};
      RandomStream stream = StreamOf(key, "aug_mix");
      const AugMixReplay wanted = Twin(&stream, c.profile, c.ops, c.severity, c.width, c.alpha);
      const AugMixReplay got = ReplayOf(*program, MakeRecipe(*program, key, kSize));
      ASSERT_EQ(got.share, wanted.share);
      ASSERT_EQ(got.chains.size(), wanted.chains.size());
      for (size_t i = 0; i < got.chains.size(); ++i) {
        EXPECT_NEAR(got.chains[i].weight, wanted.chains[i].weight, 1e-12);  // exp is headrace's own
        ASSERT_EQ(got.chains[i].steps, wanted.chains[i].steps);
      }
    }
  }
}

TEST(AugMixTest, SharesAndWeightsHaveTheirDistributions) {
  for (const double alpha : {1.0, 0.3}) {
    const auto program =
        PolicyProgram("op = \"aug_mix\", chain_depth = 1, alpha = " + std::to_string(alpha));
    std::vector<double> shares;
    std::vector<size_t> heaviest(3), depths(3);
    constexpr size_t kSamples = 20000;
    for (uint64_t id = 0; id < kSamples; ++id) {
      const AugMixReplay replay =
          ReplayOf(*program, MakeRecipe(*program, {.seed = 30, .id = id}, kSize));
      shares.push_back(replay.share);
      double sum = 0;
      size_t most = 0;
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_GE(replay.chains[i].weight, 0);
        sum += replay.chains[i].weight;
        if (replay.chains[i].weight > replay.chains[most].weight) most = i;
      }
      EXPECT_NEAR(sum, 1, 1e-12);
      ++heaviest[most];
    }
    const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / kSamples;
    double variance = 0;
    for (const double share : shares) variance += (share - mean) * (share - mean) / kSamples;
    const double wanted = 1 / (4 * (2 * alpha + 1));
    EXPECT_NEAR(mean, 0.5, 5 * std::sqrt(wanted / kSamples));
    EXPECT_NEAR(variance, wanted, 0.03 * wanted);
    EXPECT_LT(testing::KsDistance(shares, [alpha](double x) { return testing::BetaCdf(x, alpha); }),
              testing::KsLimit(kSamples));
    // The control: the distribution of another alpha is found out.
    EXPECT_GT(
        testing::KsDistance(shares, [alpha](double x) { return testing::BetaCdf(x, 2 * alpha); }),
        testing::KsLimit(kSamples));
    EXPECT_LT(ChiSquare(heaviest), ChiSquareLimit(3));
  }
}

TEST(AugMixTest, DepthsOfOneToThreeAreEquallyLikely) {
  const auto program = PolicyProgram("op = \"aug_mix\"");
  std::vector<size_t> depths(3);
  for (uint64_t id = 0; id < 10000; ++id) {
    const AugMixReplay replay =
        ReplayOf(*program, MakeRecipe(*program, {.seed = 31, .id = id}, kSize));
    for (const AugMixChain& chain : replay.chains) ++depths.at(chain.steps.size() - 1);
  }
  EXPECT_LT(ChiSquare(depths), ChiSquareLimit(3));
}

Bitmap Replayed(const std::string& replay, const Bitmap& picture, const std::string& more = "") {
  const auto program = PolicyProgram("op = \"aug_mix\", replay = \"" + replay + "\"" + more);
  return Applied(*program, MakeRecipe(*program, {}, picture.size), picture);
}

TEST(AugMixTest, NoShareIsThePictureAndAllOfOneChainIsThatChain) {
  const Bitmap picture = MakePicture(kSize, 7);
  EXPECT_EQ(Replayed("0|1 invert", picture), picture);
  const auto invert = PolicyProgram("op = \"invert\"");
  const Bitmap inverted = Applied(*invert, MakeRecipe(*invert, {}, kSize), picture);
  EXPECT_EQ(Replayed("1|1 invert|0 equalize|0", picture), inverted);
  EXPECT_EQ(Replayed("1|0|1 invert", picture), inverted);
}

TEST(AugMixTest, ResultsAreSumsInFloatsRoundedOnce) {
  const Bitmap picture = MakePicture(kSize, 8);
  const Bitmap got = Replayed("0.7|0.3 invert|0.5|0.2 posterize=3", picture);
  for (size_t i = 0; i < picture.bytes.size(); ++i) {
    const auto x = static_cast<float>(picture.bytes[i]);
    const auto inverted = static_cast<float>(255 - picture.bytes[i]);
    const auto posterized = static_cast<float>(picture.bytes[i] & 0xE0);
    const float a = 0.3f * inverted, b = 0.5f * x, c = 0.2f * posterized;
    const float sum = (a + b) + c;
    const float rest = 1.0f - 0.7f;
    const float own = rest * x, chains = 0.7f * sum;
    ASSERT_EQ(got.bytes[i], static_cast<uint8_t>(std::nearbyintf(own + chains))) << i;
  }
}

TEST(AugMixTest, AConstantPictureStaysUnderGeometryWithItsColourAsFill) {
  Bitmap picture(kSize);
  std::fill(picture.bytes.begin(), picture.bytes.end(), uint8_t{90});
  EXPECT_EQ(Replayed("0.6|0.2 rotate=11 shear_x=0.2|0.5 translate_x=9|0.3 shear_y=-0.1", picture,
                     ", fill = 90"),
            picture);
}

TEST(AugMixTest, OneOfSeveralViewsIsClean) {
  const auto program = PolicyProgram("op = \"aug_mix\", views = 3");
  ASSERT_EQ(program->views(), 3u);
  const Bitmap picture = MakePicture(kSize, 9);
  std::vector<Bitmap> views;
  for (uint32_t view = 0; view < 3; ++view) {
    const Recipe recipe = MakeRecipe(*program, {.seed = 1, .id = 12, .view = view}, kSize);
    views.push_back(Applied(*program, recipe, picture));
  }
  EXPECT_EQ(views[0], picture);
  EXPECT_NE(views[1], picture);
  EXPECT_NE(views[2], views[1]);
}

TEST(AugMixTest, ImpossibleEntriesAreErrors) {
  for (const std::map<std::string, ParamValue>& params :
       {std::map<std::string, ParamValue>{{"chain_depth", int64_t{0}}},
        {{"replay", std::string("2|1")}},
        {{"replay", std::string("0.5|1")}, {"views", int64_t{2}}},
        {{"profile", std::string("torchvision")}, {"severity", 2.5}}}) {
    ConfigError error;
    EXPECT_EQ(MakeAugMix(MakeOpConfig("aug_mix", params), &error), nullptr);
    EXPECT_EQ(error.code, Code::kConfigValue) << error.text;
  }
}

}  // namespace
}  // namespace headrace::loader
