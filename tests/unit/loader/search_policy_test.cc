// A policy as genome, as one line and as a file: nothing is lost between them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "loader/augment/policy_tables.h"
#include "loader/config_search.h"
#include "loader/policy_file.h"
#include "loader/search/baselines.h"
#include "loader/search/policy_space.h"

namespace headrace::loader {
namespace {

bool Same(const PolicyFile& a, const PolicyFile& b) {
  const auto same_step = [](const PolicyStep& x, const PolicyStep& y) {
    return x.op == y.op && x.p == y.p && x.magnitude == y.magnitude;
  };
  const auto same_sub = [&](const SubPolicy& x, const SubPolicy& y) {
    return std::ranges::equal(x, y, same_step);
  };
  const bool numbers =
      a.form != PolicyForm::kRandAugment || (a.num_ops == b.num_ops && a.magnitude == b.magnitude);
  return a.form == b.form && numbers && a.policy.profile == b.policy.profile &&
         a.policy.bins == b.policy.bins &&
         std::ranges::equal(a.policy.sub_policies, b.policy.sub_policies, same_sub);
}

PolicyFile FromLine(const std::string& line) {
  PolicyFile file;
  ConfigError error;
  EXPECT_TRUE(ParsePolicyLine(line, &file, &error)) << error.text << " in " << line;
  return file;
}

PolicyFile FromToml(const std::string& toml) {
  PolicyFile file;
  ConfigError error;
  EXPECT_TRUE(ParsePolicyFile(toml, "policy.toml", &file, &error)) << error.text << " in " << toml;
  return file;
}

SearchConfig DrawConfig(RandomStream* stream) {
  SearchConfig config;
  config.space = static_cast<SearchSpace>(stream->NextBelow(3));
  config.profile = static_cast<PolicyProfile>(stream->NextBelow(3));
  const bool bins = config.profile == PolicyProfile::kTorchvision;
  config.bins = 2 + stream->NextBelow(bins ? 99 : 10);
  config.num_ops = 1 + stream->NextBelow(4);
  config.sub_policies = config.space == SearchSpace::kSubPolicy ? 1 : 1 + stream->NextBelow(5);
  config.probabilities = 2 + stream->NextBelow(100);
  for (const PolicyOp op : SearchOps(config.profile)) {
    if (stream->NextBelow(3) > 0) config.ops.push_back(op);
  }
  return config;
}

TEST(SearchPolicyTest, GenomeLineAndFileSayTheSame10000Times) {
  RandomStream stream({.seed = 1, .name = "test/policies"});
  for (int i = 0; i < 10000; ++i) {
    const PolicySpace space(DrawConfig(&stream));
    const Genome genome = space.Draw(&stream);
    ASSERT_TRUE(space.Contains(genome));
    const PolicyFile policy = space.Decode(genome);
    const std::string line = PolicyLine(policy);
    const std::string toml = PolicyFileToml(policy);
    ASSERT_TRUE(Same(FromLine(line), policy)) << line;
    ASSERT_TRUE(Same(FromToml(toml), policy)) << toml;
    Genome back;
    std::string why;
    ASSERT_TRUE(space.Encode(FromLine(line), &back, &why)) << why << ": " << line;
    ASSERT_TRUE(Same(space.Decode(back), policy)) << line;
    // But for magnitudes that mean nothing, the very genes.
    for (size_t g = 0; g < genome.size(); ++g) {
      const bool op_magnitude = space.has_sub_policies() && g % 3 == 2;
      const bool means = !op_magnitude || HasMagnitude(space.config().ops[genome[g - 2]]);
      ASSERT_EQ(back[g], means ? genome[g] : 0);
    }
  }
}

TEST(SearchPolicyTest, CutAndChangedLinesAreReadOrRefusedInOneLine) {
  RandomStream stream({.seed = 2, .name = "test/lines"});
  const std::string alphabet = "hra1/:+|-0.59IdShXRotEqCut\"\x01\xff tf";
  int read = 0;
  for (int i = 0; i < 10000; ++i) {
    const PolicySpace space(DrawConfig(&stream));
    std::string line = PolicyLine(space.Decode(space.Draw(&stream)));
    const uint32_t edits = 1 + stream.NextBelow(3);
    for (uint32_t e = 0; e < edits && !line.empty(); ++e) {
      const uint32_t at = stream.NextBelow(static_cast<uint32_t>(line.size()));
      const auto letter = alphabet[stream.NextBelow(static_cast<uint32_t>(alphabet.size()))];
      switch (stream.NextBelow(4)) {
        case 0: line.resize(at); break;
        case 1: line.erase(at, 1); break;
        case 2: line.insert(at, 1, letter); break;
        default: line[at] = letter; break;
      }
    }
    PolicyFile file;
    ConfigError error;
    if (ParsePolicyLine(line, &file, &error)) {
      ASSERT_TRUE(Same(FromLine(PolicyLine(file)), file));
      ASSERT_TRUE(Same(FromToml(PolicyFileToml(file)), file));
      ++read;
      continue;
    }
    ASSERT_TRUE(error.code == Code::kConfigValue) << line;
    ASSERT_LE(error.text.size(), 480u);
    for (const char c : error.text) ASSERT_TRUE(static_cast<unsigned char>(c) >= 32) << error.text;
  }
  EXPECT_GT(read, 500) << "some edits leave a policy";
}

TEST(SearchPolicyTest, TheLineIsAsItIsWritten) {
  SearchConfig config;
  config.sub_policies = 2;
  const PolicySpace space(config);
  const Genome genome = {9, 4, 8, 4, 6, 9, 8, 6, 5, 5, 6, 3};
  EXPECT_EQ(PolicyLine(space.Decode(genome)),
            "hraa1/torchvision/10:Pos:0.4:8+Rot:0.6:9|Sol:0.6:5+AC:0.6:-");
  EXPECT_EQ(PolicyFileToml(space.Decode(genome)),
            "format = \"headrace-policy/1\"\n"
            "profile = \"torchvision\"\n"
            "bins = 10\n\n"
            "[[sub_policy]]\n"
            "ops = [{ op = \"posterize\", p = 0.4, magnitude = 8 }, "
            "{ op = \"rotate\", p = 0.6, magnitude = 9 }]\n\n"
            "[[sub_policy]]\n"
            "ops = [{ op = \"solarize\", p = 0.6, magnitude = 5 }, "
            "{ op = \"autocontrast\", p = 0.6 }]\n");
  config.space = SearchSpace::kRandAugment;
  config.num_ops = 3;
  config.bins = 31;
  const PolicySpace rand(config);
  const PolicyFile policy = rand.Decode(Genome{1, 9});
  EXPECT_EQ(PolicyLine(policy), "hraa1/torchvision/31:RandAugment:2:9");
  EXPECT_EQ(PolicyFileToml(policy),
            "format = \"headrace-policy/1\"\nprofile = \"torchvision\"\nbins = 31\n\n"
            "[rand_augment]\nnum_ops = 2\nmagnitude = 9\n");
}

TEST(SearchPolicyTest, ErrorsOfALineHaveThePlace) {
  struct Bad {
    const char* line;
    const char* text;
  };
  const Bad kBad[] = {
      {"hraa2/torchvision/10:Id:1:-",
       "policy:1:1: text: found \"hraa2/torchv\"; allowed: a line that begins with \"hraa1/\""},
      {"hraa1/torchvison/10:Id:1:-",
       "policy:1:7: profile: found \"torchvison\"; allowed: torchvision, timm, tf; did you mean "
       "\"torchvision\"?"},
      {"hraa1/torchvision/1:Id:1:-", "policy:1:19: bins: found 1; allowed: 2 to 1000"},
      {"hraa1/timm/11:Id:1:-",
       "policy:1:12: bins: found 11; allowed: 10, since timm and tf have levels of 0 to 10"},
      {"hraa1/torchvision/10:Id:1.5:-",
       "policy:1:25: probability: found \"1.5\"; allowed: a number from 0 to 1"},
      {"hraa1/torchvision/10:Id:nan:-",
       "policy:1:25: probability: found \"nan\"; allowed: a number from 0 to 1"},
      {"hraa1/torchvision/10:Rot:1:10",
       "policy:1:28: magnitude: found \"10\"; allowed: a whole number from 0 to 9"},
      {"hraa1/torchvision/10:Rot:1:3.5",
       "policy:1:28: magnitude: found \"3.5\"; allowed: a whole number from 0 to 9"},
      {"hraa1/torchvision/10:Rot:1:-",
       "policy:1:28: magnitude: found \"-\"; allowed: a whole number from 0 to 9"},
      {"hraa1/torchvision/10:Rot:1:3|",
       "policy:1:30: op: found \"\"; allowed: Id, ShX, ShY, TrX, TrY, Rot, Bri, Col, Con, Sha, "
       "Pos, Sol, AC, Eq, Inv, SoA, Cut"},
      {"hraa1/timm/10:Cut:1:3",
       "policy:1:15: op: found \"Cut\"; allowed: Cut in torchvision or tf"},
      {"hraa1/timm/10:TrivialAugmentWide",
       "policy:1:15: policy: found \"TrivialAugmentWide\"; allowed: TrivialAugmentWide with "
       "torchvision only"},
      {"hraa1/timm/10:RandAugment:2:10.5",
       "policy:1:29: magnitude: found \"10.5\"; allowed: a number from 0 to 10"},
      {"hraa1/torchvision/31:RandAugment:17:3",
       "policy:1:34: num_ops: found \"17\"; allowed: a whole number from 0 to 16"},
      {"hraa1/torchvision/31:RandAugment:2:3|Id:1:-",
       "policy:1:37: text: found \"|Id:1:-\"; allowed: the end"},
  };
  for (const Bad& bad : kBad) {
    PolicyFile file;
    ConfigError error;
    EXPECT_FALSE(ParsePolicyLine(bad.line, &file, &error));
    EXPECT_EQ(error.text, bad.text);
    EXPECT_EQ(error.code, Code::kConfigValue);
  }
}

TEST(SearchPolicyTest, PoliciesThatDoTheSameHaveOneHash) {
  const auto hash = [](const char* steps) {
    return PolicyHash(FromLine(std::string("hraa1/torchvision/10:") + steps));
  };
  const uint64_t base = hash("Rot:0.5:3+Id:1:-|Eq:1:-+Sol:0.2:4");
  for (const char* same : {
           "Eq:1:-+Sol:0.2:4|Rot:0.5:3+Id:1:-",    // another order
           "Rot:0.5:3+Id:0.3:-|Eq:1:-+Sol:0.2:4",  // identity, whatever its chance
           "Id:1:-+Rot:0.5:3|Eq:1:-+Sol:0.2:4",    // or its place
           "Rot:0.5:3+Inv:0:-|Eq:1:-+Sol:0.2:4",   // what never fires
           "Rot:0.5:3+Bri:0:7|Eq:1:3+Sol:0.2:4",   // a magnitude that means nothing
           "Rot:0.5:3|Eq:1:-+Sol:0.2:4",           // what does nothing left out
           "Rot:0.5:3+ShX:1:0|Eq:1:-+Sol:0.2:4",   // or by nothing
           "Col:0.9:0+Rot:0.5:3|Eq:1:-+Sol:0.2:4",
           "Rot:0.5:3+Pos:1:0+TrY:1:0|Eq:1:-+Sol:0.2:4",
       }) {
    EXPECT_EQ(hash(same), base) << same;
  }
  for (const char* other : {
           "Rot:0.5:4+Id:1:-|Eq:1:-+Sol:0.2:4", "Rot:0.6:3+Id:1:-|Eq:1:-+Sol:0.2:4",
           "ShX:0.5:3+Id:1:-|Eq:1:-+Sol:0.2:4", "Rot:0.5:3+Id:1:-|Sol:0.2:4+Eq:1:-",
           "Rot:0.5:3+Id:1:-|Eq:1:-+Sol:0.2:4|Eq:1:-+Sol:0.2:4",
           "Rot:0.5:3+Sol:1:0|Eq:1:-+Sol:0.2:4",  // white becomes black
           "Rot:0.5:3|Eq:1:-+Sol:0.2:4|Id:1:-",   // a third of the images is left as it is
       }) {
    EXPECT_NE(hash(other), base) << other;
  }
  EXPECT_EQ(hash("Id:1:-|Eq:1:-"), hash("Eq:1:-|Rot:1:0+Inv:0:-"));
  const auto hash_of_levels = [](const char* steps) {
    return PolicyHash(FromLine(std::string("hraa1/timm/10:") + steps));
  };
  EXPECT_EQ(hash_of_levels("Eq:1:-+Rot:1:0"), hash_of_levels("Eq:1:-"));
  EXPECT_NE(hash_of_levels("Eq:1:-+Bri:1:0"), hash_of_levels("Eq:1:-"));
}

TEST(SearchPolicyTest, ThePublishedPoliciesAreInTheSpace) {
  for (const PolicyProfile profile : {PolicyProfile::kTorchvision, PolicyProfile::kTf}) {
    SearchConfig config;
    config.profile = profile;
    config.sub_policies = 25;
    // v0 has a level 10, and solarize_add.
    if (profile == PolicyProfile::kTf) config.bins = 11;
    const auto ops = SearchOps(profile);
    config.ops.assign(ops.begin(), ops.end());
    if (profile == PolicyProfile::kTf) config.ops.push_back(PolicyOp::kSolarizeAdd);
    const PolicySpace space(config);
    size_t tables = 0;
    for (const PolicyTable& table : PolicyTables()) {
      if (table.levels_only && profile == PolicyProfile::kTorchvision) continue;
      PolicyFile file;
      file.policy.profile = profile;
      for (const PolicyPair& pair : table.pairs) {
        file.policy.sub_policies.emplace_back(pair.begin(), pair.end());
      }
      Genome genome;
      std::string why;
      ASSERT_TRUE(space.Encode(file, &genome, &why)) << table.name << ": " << why;
      EXPECT_EQ(genome.size(), 150u);
      EXPECT_TRUE(Same(space.Decode(genome), file)) << table.name;
      ++tables;
    }
    EXPECT_EQ(tables, profile == PolicyProfile::kTf ? 4u : 3u);
  }
}

TEST(SearchPolicyTest, WhatIsNotInTheSpaceIsTold) {
  SearchConfig config;
  config.sub_policies = 2;
  config.ops = {PolicyOp::kRotate, PolicyOp::kIdentity, PolicyOp::kEqualize};
  const PolicySpace space(config);
  const auto why = [&](const char* line) {
    Genome genome;
    std::string text;
    EXPECT_FALSE(space.Encode(FromLine(line), &genome, &text)) << line;
    return text;
  };
  EXPECT_EQ(why("hraa1/torchvision/10:Rot:1:3|Rot:1:3|Rot:1:3"), "3 sub-policies, the space has 2");
  EXPECT_EQ(why("hraa1/torchvision/10:Rot:1:3|Rot:1:3+Inv:1:-"),
            "sub-policy 2, op 2: invert is not among the space's ops");
  EXPECT_EQ(why("hraa1/torchvision/10:Rot:0.55:3|Rot:1:3"),
            "sub-policy 1, op 1: p = 0.55, the nearest of the space is 0.6");
  EXPECT_EQ(why("hraa1/torchvision/10:Rot:1:3|Rot:1:3+Rot:1:3+Rot:1:3"),
            "sub-policy 2, op 3: the space has num_ops = 2");
  EXPECT_EQ(why("hraa1/torchvision/11:Rot:1:3|Rot:1:3"), "bins = 11, the space has 10");
  EXPECT_EQ(why("hraa1/tf/10:Rot:1:3|Rot:1:3"), "the space has another profile");
  EXPECT_EQ(why("hraa1/torchvision/31:RandAugment:2:9"), "the space has policies of another kind");
  // Fewer ops are the same as ops that do nothing.
  Genome genome;
  std::string text;
  ASSERT_TRUE(space.Encode(FromLine("hraa1/torchvision/10:Rot:1:3|Eq:0.3:-"), &genome, &text));
  EXPECT_EQ(PolicyLine(space.Decode(genome)),
            "hraa1/torchvision/10:Rot:1:3+Id:0:-|Eq:0.3:-+Id:0:-");
}

TEST(SearchPolicyTest, LevelsOfTimmAndTfAreWhole) {
  SearchConfig config;
  config.profile = PolicyProfile::kTimm;
  config.sub_policies = 1;
  config.num_ops = 1;
  config.bins = 11;
  const PolicySpace space(config);
  EXPECT_EQ(PolicyLine(space.Decode(Genome{4, 10, 10})), "hraa1/timm/10:Rot:1:10");
  Genome genome;
  std::string why;
  EXPECT_FALSE(space.Encode(FromLine("hraa1/timm/10:Rot:1:9.5"), &genome, &why));
  EXPECT_EQ(why, "sub-policy 1, op 1: magnitude 9.5, the space has whole ones below 11");
}

TEST(SearchPolicyTest, BaselinesAreFilesThatReadBack) {
  for (uint32_t profile = 0; profile < 3; ++profile) {
    SearchConfig config;
    config.profile = static_cast<PolicyProfile>(profile);
    const PolicySpace space(config);
    for (uint32_t index = 0; index < kBaselines; ++index) {
      const PolicyFile file = BaselinePolicy(index, space, 7);
      EXPECT_TRUE(Same(FromToml(PolicyFileToml(file)), file)) << kBaselineNames[index];
      EXPECT_TRUE(Same(FromLine(PolicyLine(file)), file)) << kBaselineNames[index];
    }
    EXPECT_EQ(PolicyFileToml(BaselinePolicy(0, space, 7)),
              "format = \"headrace-policy/1\"\nprofile = \"torchvision\"\nbins = 10\n\n"
              "[[sub_policy]]\nops = [{ op = \"identity\", p = 1 }]\n");
    EXPECT_NE(PolicyLine(BaselinePolicy(3, space, 7)), PolicyLine(BaselinePolicy(3, space, 8)));
  }
}

TEST(SearchPolicyTest, SpacesWithoutIdentityPadWithWhatNeverFires) {
  SearchConfig config;
  config.sub_policies = 1;
  config.ops = {PolicyOp::kInvert, PolicyOp::kRotate};
  const PolicySpace space(config);
  Genome genome;
  std::string why;
  const PolicyFile one = FromLine("hraa1/torchvision/10:Rot:1:3");
  ASSERT_TRUE(space.Encode(one, &genome, &why));
  EXPECT_EQ(PolicyLine(space.Decode(genome)), "hraa1/torchvision/10:Rot:1:3+Inv:0:-");
}

}  // namespace
}  // namespace headrace::loader
