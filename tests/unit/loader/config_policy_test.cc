// Policies in the configuration: timm strings, policy files, what profiles put by default, and what
// is refused where.
#include <fstream>

#include "config_parse.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

Parsed ParseEntry(const std::string& body) { return ParseBody("[[augment]]\n" + body); }

OpConfig Entry(const std::string& body) {
  const Parsed parsed = ParseEntry(body);
  // Ops that are not built yet are filled in all the same.
  EXPECT_EQ(parsed.config.augment.size(), 1u) << body << ": " << parsed.error.text;
  EXPECT_TRUE(parsed.good || parsed.error.code == Code::kNotInThisVersion) << parsed.error.text;
  return parsed.config.augment.empty() ? OpConfig{} : parsed.config.augment[0];
}

template <class T>
T Param(const OpConfig& op, const std::string& name) {
  const auto found = op.params.find(name);
  if (found == op.params.end() || !std::holds_alternative<T>(found->second)) {
    ADD_FAILURE() << op.op << " has no " << name << " of that kind";
    return T{};
  }
  return std::get<T>(found->second);
}
using Numbers = std::vector<double>;

TEST(ConfigPolicyTest, ATimmStringIsKeptInOneSpelling) {
  const OpConfig op = Entry("op = \"rand_augment\"\nconfig = \"rand-inc-m9-mstd0.5\"");
  EXPECT_EQ(Param<std::string>(op, "config"), "rand-m9-n2-p0.5-mstd0.5-mmax10-inc1");
  for (const char* key : {"num_ops", "magnitude", "num_magnitude_bins", "profile"}) {
    EXPECT_FALSE(op.params.contains(key)) << key;
  }
}

TEST(ConfigPolicyTest, AProfileHasHabits) {
  struct Habit {
    const char* body;
    const char* interpolation;
    Numbers fill;
  };
  const Habit kHabits[] = {
      {"op = \"rand_augment\"", "nearest", {0}},
      {"op = \"rand_augment\"\nprofile = \"timm\"", "random", {124, 116, 104}},
      {"op = \"rand_augment\"\nprofile = \"tf\"", "nearest", {128}},
      {"op = \"rand_augment\"\nconfig = \"rand-m9\"", "random", {124, 116, 104}},
      {"op = \"auto_augment\"", "nearest", {0}},
      {"op = \"auto_augment\"\npolicy = \"v0\"\nprofile = \"tf\"", "nearest", {128}},
      {"op = \"auto_augment\"\nprofile = \"timm\"\nfill = 7", "random", {7}},
      {"op = \"auto_augment\"\nprofile = \"timm\"\ninterpolation = \"bicubic\"",
       "bicubic",
       {124, 116, 104}},
      {"op = \"auto_augment\"\ninterpolation = \"random\"", "random", {0}},
  };
  for (const Habit& habit : kHabits) {
    SCOPED_TRACE(habit.body);
    const OpConfig op = Entry(habit.body);
    EXPECT_EQ(Param<std::string>(op, "interpolation"), habit.interpolation);
    EXPECT_EQ(Param<Numbers>(op, "fill"), habit.fill);
  }
}

TEST(ConfigPolicyTest, BinsAreForTorchvision) {
  EXPECT_TRUE(Entry("op = \"rand_augment\"").params.contains("num_magnitude_bins"));
  EXPECT_FALSE(Entry("op = \"rand_augment\"\nprofile = \"tf\"\nmagnitude = 28")
                   .params.contains("num_magnitude_bins"));
}

TEST(ConfigPolicyTest, ImpossibleValuesAreTold) {
  struct Bad {
    const char* body;
    std::vector<std::string> parts;
  };
  const Bad kBad[] = {
      {"op = \"rand_augment\"\nmagnitude = 31",
       {"train.toml:5:13: [[augment]] magnitude: found 31", "num_magnitude"}},
      {"op = \"rand_augment\"\nmagnitude = 9.5", {"found 9.5", "whole number"}},
      {"op = \"rand_augment\"\nnum_magnitude_bins = 5", {"found 5", "above magnitude"}},
      {"op = \"rand_augment\"\nprofile = \"timm\"\nmagnitude = 11", {"found 11", "0 to 10"}},
      {"op = \"rand_augment\"\nprofile = \"tf\"\nmagnitude = 31", {"found 31", "0 to 30"}},
      {"op = \"rand_augment\"\nprofile = \"tf\"\nnum_magnitude_bins = 10", {"torchvision"}},
      {"op = \"rand_augment\"\nconfig = \"rand-m9-q3\"",
       {"train.toml:5:10: [[augment]] config: found \"q3\"", "allowed: the parts m9"}},
      {"op = \"rand_augment\"\nconfig = \"rand-m9\"\nnum_ops = 3", {"num_ops: found 3", "config"}},
      {"op = \"rand_augment\"\nconfig = \"rand-m9\"\nprofile = \"timm\"", {"profile: found"}},
      {"op = \"auto_augment\"\npolicy = \"v0\"", {"found \"v0\"", "timm", "tf"}},
      {"op = \"auto_augment\"\npolicy = \"cifar\"", {"did you mean \"cifar10\"?"}},
      {"op = \"auto_augment\"\npolicy = \"v0\"\nprofile = \"pil\"", {"torchvision, timm, tf"}},
      {"op = \"aug_mix\"\nprofile = \"torchvision\"\nseverity = 2.5", {"found 2.5", "whole"}},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.body);
    ExpectErrorWith(ParseEntry(bad.body), Code::kConfigValue, bad.parts);
  }
}

TEST(ConfigPolicyTest, OpSetsOfTimmAreForLater) {
  ExpectErrorWith(ParseEntry("op = \"rand_augment\"\nconfig = \"rand-m9-tweights\""),
                  Code::kNotInThisVersion, {"not in this version"});
}

// A configuration in a folder of its own, with a policy file beside it.
class PolicyFile {
 public:
  explicit PolicyFile(std::string_view text) { std::ofstream(path()) << text; }
  std::string path() const { return folder_.path() + "/my.toml"; }

  Parsed Parse(const std::string& more = "") const {
    const std::string text = std::string(kDataset) +
                             "[[augment]]\nop = \"auto_augment\"\npolicy = \"./my.toml\"\n" + more;
    ConfigSource source;
    source.text = text;
    source.name = "train.toml";
    source.folder = folder_.path();
    Parsed parsed;
    parsed.good = ParseConfig(source, &parsed.config, &parsed.error);
    return parsed;
  }

 private:
  testing::TempFolder folder_;
};

constexpr std::string_view kHead = "format = \"headrace-policy/1\"\n";

TEST(ConfigPolicyTest, APolicyFileIsReadBesideTheConfiguration) {
  const PolicyFile file(std::string(kHead) +
                        "profile = \"tf\"\nbins = 10\n"
                        "[[sub_policy]]\n"
                        "ops = [{ op = \"rotate\", p = 0.6, magnitude = 9.5 },\n"
                        "       { op = \"equalize\" }]\n"
                        "[[sub_policy]]\n"
                        "ops = [{ op = \"cutout\", magnitude = 10 }]\n");
  const Parsed parsed = file.Parse();
  ASSERT_EQ(parsed.config.augment.size(), 1u) << parsed.error.text;
  const OpConfig& op = parsed.config.augment[0];
  ASSERT_TRUE(op.policy.has_value()) << parsed.error.text;
  EXPECT_EQ(op.policy->profile, PolicyProfile::kTf);
  EXPECT_EQ(op.policy->bins, 10);
  ASSERT_EQ(op.policy->sub_policies.size(), 2u);
  const SubPolicy& first = op.policy->sub_policies[0];
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].op, PolicyOp::kRotate);
  EXPECT_EQ(first[0].p, 0.6);
  EXPECT_EQ(first[0].magnitude, 9.5);
  EXPECT_EQ(first[1].op, PolicyOp::kEqualize);
  EXPECT_EQ(first[1].p, 1.0);
  EXPECT_EQ(op.policy->sub_policies[1][0].op, PolicyOp::kCutout);
  EXPECT_EQ(Param<std::string>(op, "profile"), "tf");
  EXPECT_EQ(Param<Numbers>(op, "fill"), Numbers{128});
}

TEST(ConfigPolicyTest, TheProfileOfTheFileHolds) {
  const PolicyFile file(std::string(kHead) + "[[sub_policy]]\nops = [{ op = \"invert\" }]\n");
  EXPECT_EQ(Param<std::string>(file.Parse().config.augment.at(0), "profile"), "torchvision");
  EXPECT_TRUE(file.Parse("profile = \"torchvision\"\n").config.augment.at(0).policy.has_value());
  ExpectErrorWith(file.Parse("profile = \"timm\"\n"), Code::kConfigValue,
                  {"train.toml:6:11: [[augment]] profile: found \"timm\"", "policy file"});
}

TEST(ConfigPolicyTest, ErrorsOfAPolicyFileTellItsPlace) {
  struct Bad {
    std::string text;
    Code code;
    std::vector<std::string> parts;
  };
  const auto sub = [](std::string_view ops) {
    return std::string(kHead) + "[[sub_policy]]\nops = " + std::string(ops) + "\n";
  };
  std::string many(kHead);
  for (int i = 0; i < 1001; ++i) many += "[[sub_policy]]\nops = [{ op = \"invert\" }]\n";
  std::string long_one = "[";
  for (int i = 0; i < 17; ++i) long_one += "{ op = \"invert\" },";
  long_one += "]";
  const Bad kBad[] = {
      {"", Code::kConfigMissing, {"policy file format: missing", "headrace-policy/1"}},
      {"format = \"headrace-policy/2\"", Code::kConfigValue, {"my.toml:1:10", "headrace-policy/1"}},
      {"format = 3", Code::kConfigType, {"my.toml:1:10"}},
      {std::string(kHead), Code::kConfigMissing, {"sub_policy: missing"}},
      {std::string(kHead) + "sub_policy = []", Code::kConfigValue, {"1 to 1000 tables"}},
      {std::string(kHead) + "sub_policy = [1]", Code::kConfigType, {"1 to 1000 tables"}},
      {std::string(kHead) + "sub_policy = 1", Code::kConfigType, {"1 to 1000 tables"}},
      {many, Code::kConfigValue, {"1 to 1000 tables"}},
      {std::string(kHead) + "bin = 3", Code::kConfigUnknownKey, {"my.toml:2:1", "\"bins\""}},
      {std::string(kHead) + "bins = 1", Code::kConfigValue, {"my.toml:2:8", "from 2 to 1000"}},
      {std::string(kHead) + "profile = \"timm\"\nbins = 31", Code::kConfigValue, {"levels"}},
      {std::string(kHead) + "profile = \"tm\"", Code::kConfigValue, {"torchvision, timm, tf"}},
      {std::string(kHead) + "[[sub_policy]]\n", Code::kConfigMissing, {"ops: missing"}},
      {std::string(kHead) + "[[sub_policy]]\nop = 1", Code::kConfigUnknownKey, {"\"ops\""}},
      {sub("3"), Code::kConfigType, {"my.toml:3:7: [[sub_policy]] ops: found an integer"}},
      {sub("[]"), Code::kConfigValue, {"1 to 16 tables"}},
      {sub(long_one), Code::kConfigValue, {"1 to 16 tables"}},
      {sub("[1]"), Code::kConfigType, {"with 1"}},
      {sub("[{ p = 1 }]"), Code::kConfigMissing, {"ops op: missing"}},
      {sub("[{ op = \"rotat\", magnitude = 1 }]"),
       Code::kConfigValue,
       {"my.toml:3:15: [[sub_policy]] ops op: found \"rotat\"", "did you mean \"rotate\"?"}},
      {sub("[{ op = \"rotate\", magnitde = 1 }]"),
       Code::kConfigUnknownKey,
       {"magnitde: unknown key", "did you mean \"magnitude\"?"}},
      {sub("[{ op = \"rotate\", p = 0.5 }]"),
       Code::kConfigMissing,
       {"magnitude: missing", "from 0 to 9"}},
      {sub("[{ op = \"rotate\", magnitude = 10 }]"),
       Code::kConfigValue,
       {"my.toml:3:37", "found 10", "from 0 to 9"}},
      {sub("[{ op = \"rotate\", magnitude = 2.5 }]"), Code::kConfigValue, {"whole number"}},
      {sub("[{ op = \"rotate\", magnitude = 1, p = 1.5 }]"), Code::kConfigValue, {"from 0 to 1"}},
      {std::string(kHead) +
           "profile = \"timm\"\n[[sub_policy]]\nops = [{ op = \"cutout\", magnitude = 1 }]",
       Code::kConfigValue,
       {"found \"cutout\"", "torchvision"}},
      {std::string(kHead) +
           "profile = \"timm\"\n[[sub_policy]]\nops = [{ op = \"rotate\", magnitude = 11 }]",
       Code::kConfigValue,
       {"from 0 to 10"}},
      {"format = ", Code::kConfigSyntax, {"my.toml:1:"}},
      {"#" + std::string(size_t{1} << 20, 'x'), Code::kConfigSyntax, {"1 MiB"}},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.text.substr(0, 200));
    ExpectErrorWith(PolicyFile(bad.text).Parse(), bad.code, bad.parts);
  }
}

TEST(ConfigPolicyTest, AFileThatCannotBeReadIsToldAtTheKey) {
  ExpectErrorWith(ParseEntry("op = \"auto_augment\"\npolicy = \"./none.toml\""), Code::kNotFound,
                  {"train.toml:5:10: [[augment]] policy: found \"./none.toml\", No such file"});
  ExpectErrorWith(ParseEntry("op = \"auto_augment\"\npolicy = \"/tmp/\""), Code::kNotRegularFile,
                  {"which is no file"});
  ExpectErrorWith(ParseEntry("op = \"auto_augment\"\npolicy = \"/dev/null\""),
                  Code::kNotRegularFile, {"which is no file"});
}

}  // namespace
}  // namespace headrace::loader
