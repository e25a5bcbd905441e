// `dotted.key=value` over a file.
#include "config_parse.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kFile = R"([dataset]
path = "cats"
[loader]
seed = 1
[[augment]]
op = "random_resized_crop"
size = 224
[[augment]]
op = "random_horizontal_flip"
)";

Parsed With(const std::vector<std::string>& overrides) { return Parse(kFile, overrides); }

TEST(ConfigOverrideTest, ReplacesAndAddsValues) {
  const Parsed parsed = With({"loader.seed=5", "loader.workers = 3", "output.dtype=u8",
                              "decode.exif=false", "dataset.path=/x y/z"});
  ASSERT_TRUE(parsed.good) << parsed.error.text;
  EXPECT_EQ(parsed.config.loader.seed, 5u);
  EXPECT_EQ(parsed.config.loader.workers, 3u);
  EXPECT_EQ(parsed.config.output.dtype, simd::Dtype::kU8);
  EXPECT_FALSE(parsed.config.decode.exif);
  EXPECT_EQ(parsed.config.dataset.path[0], "/x y/z");
}

TEST(ConfigOverrideTest, TheLastOneWins) {
  EXPECT_EQ(With({"loader.seed=5", "loader.seed=6"}).config.loader.seed, 6u);
}

TEST(ConfigOverrideTest, ReachesEntriesOfListsByNumber) {
  const Parsed parsed = With({"augment.0.size=160", "augment.1.p=0.25"});
  ASSERT_TRUE(parsed.good) << parsed.error.text;
  EXPECT_EQ(std::get<std::vector<double>>(parsed.config.augment[0].params.at("size")),
            (std::vector<double>{160, 160}));
  EXPECT_EQ(parsed.config.augment[1].p, 0.25);
  EXPECT_EQ(parsed.config.augment[0].line, 5);
}

TEST(ConfigOverrideTest, AddsEntriesAtTheEndOfLists) {
  const Parsed parsed =
      With({"augment.2.op=resize", "augment.2.size=[8, 9]", "mix.0.op=mixup", "mix.0.alpha=0.5"});
  ASSERT_TRUE(parsed.good) << parsed.error.text;
  ASSERT_EQ(parsed.config.augment.size(), 3u);
  EXPECT_EQ(parsed.config.augment[2].op, "resize");
  EXPECT_EQ(parsed.config.mix[0].alpha, 0.5);
}

TEST(ConfigOverrideTest, ReplacesWholeListsAndTables) {
  const Parsed parsed = With({"output.mean=[0, 0.5, 1]", "augment=[{op = \"resize\", size = 8}]",
                              "loader={seed=9}", "augment.0={op = \"center_crop\", size = 4}"});
  ASSERT_TRUE(parsed.good) << parsed.error.text;
  EXPECT_EQ(parsed.config.output.mean, (std::vector<double>{0, 0.5, 1}));
  ASSERT_EQ(parsed.config.augment.size(), 1u);
  EXPECT_EQ(parsed.config.augment[0].op, "center_crop");
  EXPECT_EQ(parsed.config.loader.seed, 9u);
  EXPECT_TRUE(With({"augment=[]"}).config.augment.empty());
}

TEST(ConfigOverrideTest, AValueThatIsNotTomlIsTheTextItself) {
  EXPECT_EQ(With({"dataset.path=a b=c # d"}).config.dataset.path[0], "/sets/a b=c # d");
  EXPECT_EQ(With({"dataset.path=say \"hi\" \\ to"}).config.dataset.path[0],
            "/sets/say \"hi\" \\ to");
  EXPECT_EQ(With({"dataset.path=\"quoted\""}).config.dataset.path[0], "/sets/quoted");
  EXPECT_EQ(With({"dataset.path=line\nend\x01"}).config.dataset.path[0], "/sets/line\nend\x01");
  // Names of files need not be UTF-8.
  EXPECT_EQ(With({"dataset.path=\xff\xfe"}).config.dataset.path[0], "/sets/\xff\xfe");
}

TEST(ConfigOverrideTest, AValueCannotBringOtherKeys) {
  const Parsed parsed = With({"loader.seed=1\nworkers = 2"});
  ExpectErrorWith(parsed, Code::kConfigType, {"[loader] seed: found a string"});
}

TEST(ConfigOverrideTest, QuotedPartsOfKeysMayHoldDotsAndEqualSigns) {
  const Parsed parsed = With({"augment.1.remap.\"a.b=c\"=right"});
  ASSERT_TRUE(parsed.good) << parsed.error.text;
  EXPECT_EQ(parsed.config.augment[1].remap.at("a.b=c"), "right");
  EXPECT_EQ(parsed.config.augment[1].remap.at("right"), "a.b=c");
}

TEST(ConfigOverrideTest, ErrorsNameTheOverride) {
  ExpectError(With({"loader.sed=1"}), Code::kConfigUnknownKey,
              "-s loader.sed=1: [loader] sed: unknown key; allowed: batch_size, shuffle, "
              "shuffle_window, seed, workers, prefetch_batches, tail, on_corrupt, corrupt_budget, "
              "max_host_bytes, rank, ...; did you mean \"seed\"?");
  ExpectErrorWith(With({"loadr.seed=1"}), Code::kConfigUnknownKey,
                  {"-s loadr.seed=1: [loadr]: unknown table", "\"loader\""});
  ExpectErrorWith(With({"loader.seed=-1"}), Code::kConfigValue,
                  {"-s loader.seed=-1: [loader] seed: found -1"});
  ExpectErrorWith(With({"loader.shuffle=ful"}), Code::kConfigValue,
                  {"-s loader.shuffle=ful: [loader] shuffle: found \"ful\"", "mean \"full\""});
  ExpectErrorWith(With({"augment.2.size=3"}), Code::kConfigMissing,
                  {"-s augment.2.size=3: [[augment]] op: missing"});
  ExpectErrorWith(With({"output.pin=cuda"}), Code::kNotInThisVersion,
                  {"-s output.pin=cuda: [output]"});
  ExpectErrorWith(With({"loader.shuffle=\xff"}), Code::kConfigValue, {"\\xff"});
}

TEST(ConfigOverrideTest, BadKeysAreTold) {
  ExpectErrorWith(With({"loader.seed"}), Code::kConfigSyntax, {"-s loader.seed: found no '='"});
  ExpectErrorWith(With({""}), Code::kConfigSyntax, {"found no '='"});
  ExpectErrorWith(With({"=3"}), Code::kConfigSyntax, {"found no key"});
  ExpectErrorWith(With({" # loader.seed=3"}), Code::kConfigSyntax, {"found no key"});
  ExpectErrorWith(With({"loader.seed#x=3"}), Code::kConfigSyntax, {"-s loader.seed#x=3"});
  ExpectErrorWith(With({"loader..seed=3"}), Code::kConfigSyntax, {"-s loader..seed=3"});
  ExpectErrorWith(With({"loader\n.seed=3"}), Code::kConfigSyntax, {"-s loader\\n.seed=3"});
  ExpectErrorWith(With({"[loader]=3"}), Code::kConfigSyntax, {"-s [loader]=3"});
  ExpectErrorWith(With({"loader.seed.x=3"}), Code::kConfigType, {"\"seed\" is a value"});
  ExpectErrorWith(With({"augment.first.size=3"}), Code::kConfigType, {"\"first\"", "0 to 2"});
  ExpectErrorWith(With({"augment.4.size=3"}), Code::kConfigValue, {"\"4\"", "0 to 2"});
  ExpectErrorWith(With({"mix.1.op=mixup"}), Code::kConfigValue, {"the list is empty"});
  ExpectErrorWith(With({"augment.99999999999999999999.op=x"}), Code::kConfigType, {"0 to 2"});
  ExpectErrorWith(With({"a=" + std::string(70000, 'x')}), Code::kConfigSyntax, {"at most 65536"});
  std::string deep = "a";
  for (int i = 0; i < 20000; ++i) deep += ".a";
  ExpectErrorWith(With({deep + "=1"}), Code::kConfigSyntax, {"32 levels"});
  ExpectErrorWith(With({"loader.seed={" + deep + "=1}"}), Code::kConfigType, {"a string"});
}

}  // namespace
}  // namespace headrace::loader
