// [search] in a configuration, and policy files that hold no sub-policies.
#include <fstream>

#include "config_parse.h"
#include "loader/config_search.h"
#include "loader/policy_file.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

SearchConfig Search(const std::string& body) {
  const Parsed parsed = ParseBody("[search]\n" + body);
  EXPECT_TRUE(parsed.good) << parsed.error.text;
  return parsed.config.search;
}

TEST(ConfigSearchTest, WithoutATableItIsAutoAugments) {
  for (const SearchConfig& search : {ParseBody("").config.search, Search("")}) {
    EXPECT_EQ(search.space, SearchSpace::kAutoAugment);
    EXPECT_EQ(search.profile, PolicyProfile::kTorchvision);
    EXPECT_EQ(search.sub_policies, 5u);
    EXPECT_EQ(search.num_ops, 2u);
    EXPECT_EQ(search.probabilities, 11u);
    EXPECT_EQ(search.bins, 10u);
    EXPECT_TRUE(search.ops.empty());
  }
  EXPECT_EQ(SearchOps(PolicyProfile::kTorchvision).size(), 16u);
  EXPECT_EQ(SearchOps(PolicyProfile::kTimm).size(), 15u);
}

TEST(ConfigSearchTest, EverySpaceHasItsDefaults) {
  const SearchConfig rand = Search("space = \"rand_augment\"");
  EXPECT_EQ(rand.num_ops, 3u);
  EXPECT_EQ(rand.bins, 31u);
  EXPECT_EQ(Search("space = \"rand_augment\"\nprofile = \"timm\"").bins, 11u);
  EXPECT_EQ(Search("space = \"rand_augment\"\nprofile = \"tf\"").bins, 31u);
  EXPECT_EQ(Search("profile = \"tf\"").bins, 10u);
  EXPECT_EQ(Search("space = \"sub_policy\"").sub_policies, 1u);
  EXPECT_EQ(Search("space = \"sub_policy\"\nsub_policies = 1").sub_policies, 1u);
}

TEST(ConfigSearchTest, EveryKeyIsRead) {
  const SearchConfig search = Search(
      "space = \"auto_augment\"\nprofile = \"tf\"\nops = [\"rotate\", \"cutout\", \"identity\"]\n"
      "sub_policies = 7\nnum_ops = 3\nprobabilities = 5\nbins = 11");
  EXPECT_EQ(search.profile, PolicyProfile::kTf);
  EXPECT_EQ(search.ops,
            (std::vector<PolicyOp>{PolicyOp::kRotate, PolicyOp::kCutout, PolicyOp::kIdentity}));
  EXPECT_EQ(search.sub_policies, 7u);
  EXPECT_EQ(search.num_ops, 3u);
  EXPECT_EQ(search.probabilities, 5u);
  EXPECT_EQ(search.bins, 11u);
}

TEST(ConfigSearchTest, ImpossibleValuesAreTold) {
  struct Bad {
    const char* body;
    Code code;
    std::vector<std::string> parts;
  };
  const Bad kBad[] = {
      {"spce = \"sub_policy\"",
       Code::kConfigUnknownKey,
       {"train.toml:4:1: [search] spce: unknown key", "did you mean \"space\"?"}},
      {"space = \"rand_augmnt\"",
       Code::kConfigValue,
       {"train.toml:4:9: [search] space: found \"rand_augmnt\"", "did you mean \"rand_augment\"?"}},
      {"profile = 3", Code::kConfigType, {"torchvision, timm, tf"}},
      {"ops = [\"rotate\", \"rotat\"]",
       Code::kConfigValue,
       {"[search] ops: found \"rotat\"", "did you mean \"rotate\"?"}},
      {"ops = [\"rotate\", \"rotate\"]", Code::kConfigValue, {"different"}},
      {"ops = []", Code::kConfigValue, {"a list of one or more"}},
      {"profile = \"timm\"\nops = [\"cutout\"]",
       Code::kConfigValue,
       {"cutout with profile = \"torchvision\" or \"tf\""}},
      {"sub_policies = 0", Code::kConfigValue, {"from 1 to 50"}},
      {"sub_policies = 51", Code::kConfigValue, {"from 1 to 50"}},
      {"num_ops = 17", Code::kConfigValue, {"from 1 to 16"}},
      {"probabilities = 1", Code::kConfigValue, {"from 2 to 101"}},
      {"bins = 101", Code::kConfigValue, {"from 2 to 100"}},
      {"profile = \"timm\"\nbins = 12", Code::kConfigValue, {"from 2 to 11"}},
      {"space = \"sub_policy\"\nsub_policies = 2",
       Code::kConfigValue,
       {"1 with space = \"sub_policy\""}},
      {"space = \"rand_augment\"\nops = [\"rotate\"]",
       Code::kConfigValue,
       {"only with space = \"auto_augment\" or \"sub_policy\""}},
      {"space = \"rand_augment\"\nsub_policies = 5", Code::kConfigValue, {"only with space"}},
      {"space = \"rand_augment\"\nprobabilities = 11", Code::kConfigValue, {"only with space"}},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.body);
    ExpectErrorWith(ParseBody(std::string("[search]\n") + bad.body), bad.code, bad.parts);
  }
  ExpectErrorWith(Parse("search = 3\n" + std::string(kDataset)), Code::kConfigType,
                  {"a table, [search]"});
}

TEST(ConfigSearchTest, TheTableIsReadAlone) {
  const auto parse = [](std::string_view text, std::vector<std::string> overrides,
                        SearchConfig* search, ConfigError* error) {
    const ConfigSource source{.text = text, .name = "search.toml", .overrides = overrides};
    return ParseSearch(source, search, error);
  };
  SearchConfig search;
  ConfigError error;
  // No data set, and a policy that is yet to be found.
  EXPECT_TRUE(parse("[search]\nspace = \"sub_policy\"", {}, &search, &error)) << error.text;
  EXPECT_EQ(search.space, SearchSpace::kSubPolicy);
  EXPECT_TRUE(
      parse("[[augment]]\nop = \"auto_augment\"\npolicy = \"not/there.toml\"", {}, &search, &error))
      << error.text;
  EXPECT_EQ(search.space, SearchSpace::kAutoAugment);
  EXPECT_TRUE(parse("", {"search.space=rand_augment", "search.num_ops=2"}, &search, &error));
  EXPECT_EQ(search.num_ops, 2u);
  EXPECT_FALSE(parse("[serch]\n", {}, &search, &error));
  EXPECT_NE(error.text.find("did you mean \"search\"?"), std::string::npos) << error.text;
  EXPECT_FALSE(parse("", {"search.spac=rand_augment"}, &search, &error));
  EXPECT_EQ(error.code, Code::kConfigUnknownKey);
  EXPECT_FALSE(ParseSearchFile("/not/there.toml", {}, &search, &error));
  EXPECT_EQ(error.code, Code::kNotFound);
}

// A policy file beside the configuration, and the entry that it makes.
class PolicyFileTest : public ::testing::Test {
 protected:
  Parsed Entry(const std::string& policy, const std::string& keys = "") {
    std::ofstream(folder_.path() + "/p.toml") << "format = \"headrace-policy/1\"\n" << policy;
    const std::string text = std::string(kDataset) +
                             "[[augment]]\nop = \"auto_augment\"\npolicy = \"" + folder_.path() +
                             "/p.toml\"\n" + keys;
    return Parse(text);
  }
  headrace::testing::TempFolder folder_;
};

OpConfig WithoutLine(OpConfig op) {
  op.line = 0;
  return op;
}

void ExpectSame(const Parsed& parsed, const std::string& op) {
  ASSERT_TRUE(parsed.good) << parsed.error.text;
  const Parsed plain = ParseBody("[[augment]]\n" + op);
  ASSERT_TRUE(plain.good) << plain.error.text;
  const OpConfig a = WithoutLine(parsed.config.augment[0]);
  const OpConfig b = WithoutLine(plain.config.augment[0]);
  EXPECT_EQ(a.op, b.op);
  EXPECT_EQ(a.p, b.p);
  EXPECT_EQ(a.only_classes, b.only_classes);
  EXPECT_EQ(a.params, b.params) << op;
  EXPECT_FALSE(a.policy.has_value());
}

TEST_F(PolicyFileTest, AFileWithTheNumbersOfAnOpIsThatOp) {
  ExpectSame(Entry("[rand_augment]\nnum_ops = 3\nmagnitude = 12\n"),
             "op = \"rand_augment\"\nnum_ops = 3\nmagnitude = 12\n");
  ExpectSame(Entry("[rand_augment]\n", "p = 0.5\nonly_classes = [\"cat\"]\nfill = 7\n"),
             "op = \"rand_augment\"\np = 0.5\nonly_classes = [\"cat\"]\nfill = 7\n");
  ExpectSame(Entry("bins = 10\n[rand_augment]\nnum_ops = 1\n"),
             "op = \"rand_augment\"\nnum_ops = 1\nnum_magnitude_bins = 10\n");
  ExpectSame(Entry("profile = \"timm\"\n[rand_augment]\nmagnitude = 7.5\n"),
             "op = \"rand_augment\"\nprofile = \"timm\"\nmagnitude = 7.5\n");
  ExpectSame(
      Entry("profile = \"tf\"\n[rand_augment]\nmagnitude = 28\n", "interpolation = \"bilinear\"\n"),
      "op = \"rand_augment\"\nprofile = \"tf\"\nmagnitude = 28\ninterpolation = "
      "\"bilinear\"\n");
  ExpectSame(Entry("[trivial_augment_wide]\n"), "op = \"trivial_augment_wide\"\n");
  ExpectSame(Entry("bins = 11\n[trivial_augment_wide]\n", "fill = [1, 2, 3]\n"),
             "op = \"trivial_augment_wide\"\nnum_magnitude_bins = 11\nfill = [1, 2, 3]\n");
}

TEST_F(PolicyFileTest, WhatDoesNotGoTogetherIsTold) {
  struct Bad {
    const char* policy;
    Code code;
    const char* part;
  };
  const Bad kBad[] = {
      {"[rand_augment]\n[trivial_augment_wide]\n", Code::kConfigValue, "no other policy beside it"},
      {"[rand_augment]\n[[sub_policy]]\nops = [{ op = \"equalize\" }]\n", Code::kConfigValue,
       "no other policy beside it"},
      {"[trivial_augment_wide]\n[[sub_policy]]\nops = [{ op = \"equalize\" }]\n",
       Code::kConfigValue, "no other policy beside it"},
      {"rand_augment = 3\n", Code::kConfigType, "a table, [rand_augment]"},
      {"trivial_augment_wide = true\n", Code::kConfigType, "a table, [trivial_augment_wide]"},
      {"[rand_augment]\nmagnitde = 3\n", Code::kConfigUnknownKey, "did you mean \"magnitude\"?"},
      {"[rand_augment]\nnum_ops = 17\n", Code::kConfigValue, "from 0 to 16"},
      {"[rand_augment]\nmagnitude = 31\n", Code::kConfigValue, "from 0 to 30"},
      {"[rand_augment]\nmagnitude = 3.5\n", Code::kConfigValue, "the number of a bin"},
      {"bins = 5\n[rand_augment]\n", Code::kConfigMissing, "a number below bins"},
      {"profile = \"timm\"\n[rand_augment]\nmagnitude = 11\n", Code::kConfigValue, "from 0 to 10"},
      {"profile = \"timm\"\nbins = 31\n[rand_augment]\n", Code::kConfigValue, "10, since timm"},
      {"[trivial_augment_wide]\nnum_ops = 2\n", Code::kConfigValue, "a table without keys"},
      {"profile = \"tf\"\n[trivial_augment_wide]\n", Code::kConfigValue, "\"torchvision\", which"},
      {"", Code::kConfigMissing, "[[sub_policy]]"},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.policy);
    const Parsed parsed = Entry(bad.policy);
    ExpectErrorWith(parsed, bad.code, {bad.part, "p.toml"});
  }
  ExpectErrorWith(Entry("profile = \"tf\"\n[rand_augment]\n", "profile = \"timm\"\n"),
                  Code::kConfigValue, {"what the policy file says, or no profile"});
}

}  // namespace
}  // namespace headrace::loader
