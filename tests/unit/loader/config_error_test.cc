// Bad configurations: the code, the place, what was found, what is allowed, what was meant.
#include <fstream>

#include "config_parse.h"

namespace headrace::loader {
namespace {

TEST(ConfigErrorTest, AnUnknownKeyIsToldWithPlaceKeysAndSuggestion) {
  ExpectError(ParseBody("\n[decode]\n  exfi = true\n"), Code::kConfigUnknownKey,
              "train.toml:5:3: [decode] exfi: unknown key; allowed: jpeg, checkpoints, exif, "
              "alpha; did you mean \"exif\"?");
  ExpectErrorWith(ParseBody("[loader]\nbatch_sizes = 3\n"), Code::kConfigUnknownKey,
                  {"train.toml:4:1: [loader] batch_sizes: unknown key", "prefetch_batches",
                   "did you mean \"batch_size\"?"});
}

TEST(ConfigErrorTest, AKeyOfAnotherTableNamesThatTable) {
  ExpectErrorWith(ParseBody("batch_size = 3\n"), Code::kConfigUnknownKey,
                  {"[dataset] batch_size", "did you mean \"[loader] batch_size\"?"});
  ExpectErrorWith(
      Parse("seed = 3\n"), Code::kConfigUnknownKey,
      {"train.toml:1:1: seed: key outside of any table", "did you mean \"[loader] seed\"?"});
}

TEST(ConfigErrorTest, AnUnknownTableIsTold) {
  ExpectError(ParseBody("[loadr]\nseed = 1\n"), Code::kConfigUnknownKey,
              "train.toml:3:2: [loadr]: unknown table; allowed: dataset, loader, output, decode, "
              "limits, augment, mix, search; did you mean \"loader\"?");
  ExpectErrorWith(ParseBody("[[augmnt]]\nop = \"resize\"\n"), Code::kConfigUnknownKey,
                  {"[[augmnt]]: unknown table", "did you mean \"augment\"?"});
}

TEST(ConfigErrorTest, ATableOfTheWrongShapeIsTold) {
  ExpectErrorWith(Parse("dataset = 3\n"), Code::kConfigType,
                  {"train.toml:1:11", "dataset: found an integer, 3", "a table, [dataset]"});
  ExpectErrorWith(ParseBody("[augment]\nop = \"resize\"\n"), Code::kConfigType,
                  {"augment: found a table", "a list of tables, [[augment]]"});
  ExpectErrorWith(Parse("augment = [1]\ndataset.path = \"x\"\n"), Code::kConfigType,
                  {"augment: found a list, [1]"});
  ExpectErrorWith(ParseBody("[[loader]]\n"), Code::kConfigType, {"found a list of tables"});
}

struct Bad {
  const char* body;
  Code code;
  std::vector<std::string> parts;
};

TEST(ConfigErrorTest, EveryValueIsCheckedForTypeAndRange) {
  const Bad kBad[] = {
      {"path = 3", Code::kConfigSyntax, {"train.toml:3:"}},  // a key twice
      {"classes = []", Code::kConfigValue, {"[dataset] classes: found []", "one or more"}},
      {"classes = [\"a\", \"a\"]", Code::kConfigValue, {"with \"a\"", "different"}},
      {"classes = [\"a\", 3]", Code::kConfigType, {"with 3"}},
      {"classes = [\"\"]", Code::kConfigValue, {"not empty"}},
      {"classes = \"a\"", Code::kConfigType, {"found a string, \"a\"", "a list"}},
      {"source = \"foldr\"",
       Code::kConfigValue,
       {"train.toml:3:10: [dataset] source: found \"foldr\"", "folder, tar, coco, manifest",
        "did you mean \"folder\"?"}},
      {"[loader]\nbatch_size = 0",
       Code::kConfigValue,
       {"train.toml:4:14: [loader] batch_size: found 0; allowed: an integer from 1 to 1048576"}},
      {"[loader]\nbatch_size = \"64\"",
       Code::kConfigType,
       {"found a string, \"64\"; allowed: an integer from 1 to 1048576"}},
      {"[loader]\nbatch_size = 64.0", Code::kConfigType, {"found a float, 64"}},
      {"[loader]\nbatch_size = true", Code::kConfigType, {"found a boolean, true"}},
      {"[loader]\nbatch_size = [64]", Code::kConfigType, {"found a list, [64]"}},
      {"[loader]\nbatch_size = {}", Code::kConfigType, {"found a table;"}},
      {"[loader]\nbatch_size = 2020-01-01", Code::kConfigType, {"found a date;"}},
      {"[loader]\nbatch_size = -1", Code::kConfigValue, {"found -1"}},
      {"[loader]\nseed = -1", Code::kConfigValue, {"from 0 to 9223372036854775807"}},
      {"[loader]\nseed = 9223372036854775808", Code::kConfigSyntax, {"train.toml:4:"}},
      {"[loader]\nworkers = 4097", Code::kConfigValue, {"from 0 to 4096"}},
      {"[loader]\nprefetch_batches = 0", Code::kConfigValue, {"from 1 to 1024"}},
      {"[loader]\ncorrupt_budget = 1.5", Code::kConfigValue, {"found 1.5", "from 0 to 1"}},
      {"[loader]\ncorrupt_budget = nan", Code::kConfigValue, {"found nan"}},
      {"[loader]\ncorrupt_budget = inf", Code::kConfigValue, {"found inf"}},
      {"[loader]\ncorrupt_budget = \"a\"", Code::kConfigType, {"a number from 0 to 1"}},
      {"[loader]\nshuffle = \"ful\"", Code::kConfigValue, {"full, block, none", "mean \"full\""}},
      {"[loader]\nshuffle = true", Code::kConfigType, {"full, block, none"}},
      {"[loader]\ntail = \"dorp\"", Code::kConfigValue, {"mean \"drop\""}},
      {"[loader]\nmax_host_bytes = \"2GB\"", Code::kConfigValue, {"mean \"2GiB\""}},
      {"[loader]\nmax_host_bytes = true", Code::kConfigType, {"512MiB"}},
      {"[loader]\nrank = 1", Code::kConfigMissing, {"train.toml:3:1", "[loader] world_size"}},
      {"[loader]\nworld_size = 1", Code::kConfigMissing, {"[loader] rank: missing"}},
      {"[loader]\nrank = \"auto\"\nworld_size = 2", Code::kConfigMissing, {"[loader] rank"}},
      {"[loader]\nrank = \"atuo\"", Code::kConfigValue, {"mean \"auto\""}},
      {"[loader]\nrank = 1.0\nworld_size = 2", Code::kConfigType, {"[loader] rank"}},
      {"[loader]\nrank = 2\nworld_size = 2", Code::kConfigValue, {"found 2", "from 0 to 1"}},
      {"[loader]\nrank = 0\nworld_size = 0", Code::kConfigValue, {"world_size: found 0"}},
      {"[output]\nchannels = 2", Code::kConfigValue, {"found 2; allowed: 3 or 1"}},
      {"[output]\nchannels = 1\nmean = [0, 0, 0]", Code::kConfigValue, {"list of 1"}},
      {"source = \"manifest\"\nmasks = \"m\"",
       Code::kConfigValue,
       {"[dataset] masks", "only with source = \"coco\""}},
      {"annotations = \"a.tsv\"", Code::kConfigValue, {"\"coco\" or \"manifest\""}},
      {"[output]\nmean = [0, 0]", Code::kConfigValue, {"[output] mean: found [0, 0]", "of 3"}},
      {"[output]\nmean = 0.5", Code::kConfigType, {"a list of 3 numbers"}},
      {"[output]\nmean = [0, \"0\", 0]", Code::kConfigType, {"with \"0\""}},
      {"[output]\nmean = [0, nan, 0]", Code::kConfigValue, {"with nan"}},
      {"[output]\nstd = [1, 0, 1]", Code::kConfigValue, {"[output] std", "with 0"}},
      {"[output]\nstd = [1, -1, 1]", Code::kConfigValue, {"with -1"}},
      {"[output]\ndtype = \"u8\"\nmean = [0, 0, 0]",
       Code::kConfigValue,
       {"train.toml:5:8: [output] mean", "dtype = \"u8\""}},
      {"[output]\ndtype = \"u8\"\nstd = [1, 1, 1]", Code::kConfigValue, {"[output] std", "dtype"}},
      {"[output]\ndtype = \"fp16\"", Code::kConfigValue, {"mean \"f16\""}},
      {"[decode]\nexif = 1", Code::kConfigType, {"true or false"}},
      {"[decode]\ncheckpoints = \"\"", Code::kConfigValue, {"not empty"}},
      {"[decode]\nalpha = \"keep\"", Code::kConfigValue, {"background [r, g, b]"}},
      {"[decode]\nalpha = [0, 0]", Code::kConfigValue, {"list of 3"}},
      {"[decode]\nalpha = [0, 0, 256]", Code::kConfigValue, {"with 256"}},
      {"[decode]\nalpha = [0, 0, 0.5]", Code::kConfigValue, {"integers 0 to 255"}},
      {"[decode]\nalpha = 3", Code::kConfigType, {"background"}},
      {"[limits]\nmax_side = 0", Code::kConfigValue, {"[limits] max_side"}},
      {"[limits]\nmax_pixels = \"1MiB\"", Code::kConfigType, {"an integer from 1"}},
      {"[limits]\njpeg_scans = 0", Code::kConfigValue, {"from 1"}},
      {"[[mix]]\nalpha = 1", Code::kConfigMissing, {"train.toml:3:1: [[mix]] op: missing"}},
      {"[[mix]]\nop = \"cutmixup\"", Code::kConfigValue, {"mixup, cutmix, rmix, ace"}},
      {"[[mix]]\nop = \"mixup\"\nalpha = 0", Code::kConfigValue, {"alpha", "1000"}},
      {"[[mix]]\nop = \"mixup\"\nalhpa = 1", Code::kConfigUnknownKey, {"mean \"alpha\""}},
      {"[[mix]]\nop = \"mixup\"\nminmax = [0, 1]", Code::kConfigUnknownKey, {"minmax"}},
      {"[[mix]]\nop = \"mixup\"\np = 1.1", Code::kConfigValue, {"from 0 to 1"}},
      {"[[mix]]\nop = \"mixup\"\nweight = -1", Code::kConfigValue, {"weight"}},
      {"[[mix]]\nop = \"rmix\"\nalpha = 1e-320", Code::kConfigValue, {"alpha", "1000"}},
      {"[[mix]]\nop = \"mixup\"\nweight = 0", Code::kConfigValue, {"weight above 0"}},
      {"[[mix]]\nop = \"mixup\"\nlabel_smoothing = 2", Code::kConfigValue, {"label_smoothing"}},
      {"[[mix]]\nop = \"mixup\"\npartner = \"rol\"", Code::kConfigValue, {"mean \"roll\""}},
      {"[[mix]]\nop = \"cutmix\"\nminmax = [0.5, 0.2]", Code::kConfigValue, {"low <= high"}},
      {"[[mix]]\nop = \"cutmix\"\nminmax = 0.5", Code::kConfigType, {"list of 2"}},
      {"[[mix]]\nop = \"rmix\"\npairing = \"match\"", Code::kConfigValue, {"mean \"matching\""}},
      {"[[mix]]\nop = \"rmix\"\npatches = []", Code::kConfigValue, {"1 to 64"}},
      {"[[mix]]\nop = \"rmix\"\npatches = [2.5]", Code::kConfigValue, {"whole numbers"}},
      {"[[mix]]\nop = \"rmix\"\nquantiles = [1.5]", Code::kConfigValue, {"from 0 to 1"}},
      {"[[mix]]\nop = \"rmix\"\nmode = \"pair\"",
       Code::kConfigValue,
       {"mode", "only \"batch\"", "pairing"}},
      {"[[mix]]\nop = \"ace\"\ncorrect_lam = false", Code::kConfigValue, {"only true"}},
      {"[[mix]]\nop = \"ace\"\nstep = 3", Code::kConfigType, {"l2, sign"}},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.body);
    ExpectErrorWith(ParseBody(bad.body), bad.code, bad.parts);
  }
}

TEST(ConfigErrorTest, AMissingPathIsTold) {
  ExpectErrorWith(Parse(""), Code::kConfigMissing, {"train.toml", "[dataset] path: missing"});
  ExpectErrorWith(Parse("\n[dataset]\n"), Code::kConfigMissing, {"train.toml:2:1: [dataset] path"});
  ExpectErrorWith(Parse("[dataset]\npath = \"\"\n"), Code::kConfigValue, {"not empty"});
  ExpectErrorWith(Parse("[dataset]\npath = [\"a\"]\n"), Code::kConfigType, {"found a list"});
  ExpectErrorWith(Parse("[dataset]\npath = \"a\\u0000b\"\n"), Code::kConfigValue, {"zero byte"});
}

TEST(ConfigErrorTest, WhatIsNotBuiltSaysSo) {
  const char* kBodies[] = {
      "[output]\npin = \"cuda\"",
      "[[mix]]\nop = \"rmix\"\ncache = true",
      "[[mix]]\nop = \"ace\"\nsolver = \"adam\"",
  };
  for (const char* body : kBodies) {
    SCOPED_TRACE(body);
    ExpectErrorWith(ParseBody(body), Code::kNotInThisVersion,
                    {"train.toml:", "which is not in this version"});
  }
}

TEST(ConfigErrorTest, AMistakeIsToldBeforeWhatIsNotBuilt) {
  ExpectErrorWith(ParseBody("[output]\nchannels = 1\n[loader]\nsede = 1\n"),
                  Code::kConfigUnknownKey, {"[loader] sede"});
  ExpectErrorWith(ParseBody("[[mix]]\nop = \"rmix\"\npathces = [2]\n"), Code::kConfigUnknownKey,
                  {"mean \"patches\""});
  ExpectErrorWith(ParseBody("split = \"test\"\nof = { train = 0.9 }\n"), Code::kConfigValue,
                  {"a name that `of` lists"});
  ExpectErrorWith(ParseBody("split = \"a\"\nof = { a = 0.9, b = 0.2 }\n"), Code::kConfigValue,
                  {"at most 1"});
  ExpectErrorWith(ParseBody("split = \"a\"\n"), Code::kConfigMissing, {"[dataset] of"});
}

TEST(ConfigErrorTest, SyntaxErrorsKeepTheirPlace) {
  ExpectErrorWith(Parse("[dataset]\npath = \n"), Code::kConfigSyntax,
                  {"train.toml:2:8", "not TOML"});
  ExpectErrorWith(Parse("[dataset]\npath = \"a\"\npath = \"b\"\n"), Code::kConfigSyntax,
                  {"train.toml:3:", "path"});
  ExpectErrorWith(Parse("[dataset]\npath = \"a\"\n[dataset]\n"), Code::kConfigSyntax,
                  {"train.toml:3:", "dataset"});
  // The parser's own assumptions about these are wrong.
  ExpectErrorWith(Parse("[=]\n"), Code::kConfigSyntax, {"train.toml:1:"});
  ExpectErrorWith(Parse("\xcf\x9b"), Code::kConfigSyntax, {"train.toml:1:"});
  ExpectErrorWith(Parse("a = \"\xff\"\n"), Code::kConfigSyntax, {"train.toml:1:"});
  ExpectErrorWith(Parse(std::string_view("a\0b = 1\n", 8)), Code::kConfigSyntax, {"train.toml:1:"});
}

TEST(ConfigErrorTest, TextIsBoundedInSizeAndDepth) {
  ExpectErrorWith(Parse(std::string((size_t{1} << 20) + 1, ' ')), Code::kConfigSyntax, {"1 MiB"});
  const std::string fits(size_t{1} << 20, ' ');
  EXPECT_EQ(Parse(fits).error.code, Code::kConfigMissing);

  const std::string open(33, '['), close(33, ']');
  ExpectErrorWith(ParseBody("classes = " + open + close), Code::kConfigSyntax, {"32 levels"});
  std::string dotted = "a";
  for (int i = 0; i < 32; ++i) dotted += ".a";
  ExpectErrorWith(Parse("x = 1\n" + dotted + " = 1"), Code::kConfigSyntax,
                  {"train.toml:2:64", "32 levels"});
  ExpectErrorWith(Parse('[' + dotted + ']'), Code::kConfigSyntax, {"32 levels"});
  // 31 dots are 32 parts: known to be unknown, not too deep.
  ExpectErrorWith(Parse(dotted.substr(2) + " = 1"), Code::kConfigUnknownKey, {"[a]"});
}

TEST(ConfigErrorTest, AMillionLevelsDoNotExhaustTheStack) {
  std::string dotted = "[a";
  while (dotted.size() + 3 < size_t{1} << 20) dotted += ".a";
  ExpectErrorWith(Parse(dotted + "]"), Code::kConfigSyntax, {"32 levels"});
  // Dots inside of strings and comments, and of numbers in a list, are not levels.
  std::string list = "[0.5";
  for (int i = 0; i < 100; ++i) list += ", 0.5";
  const std::string dots(100, '.');
  ExpectErrorWith(
      ParseBody("x = \"" + dots + "\"  # " + dots + "\ny = '''" + dots + "''''\nz = " + list + "]"),
      Code::kConfigUnknownKey, {"[dataset] x"});
}

TEST(ConfigErrorTest, TextsOfTheUserAreEscapedAndCut) {
  ExpectErrorWith(ParseBody("[loader]\nshuffle = \"a\\nb\\u001b[31m\\u202e\\u0085\"\n"),
                  Code::kConfigValue, {"found \"a\\nb\\u001b[31m\\u202e\\u0085\""});
  const std::string longest(5000, 'x');
  const Parsed key = ParseBody("[loader]\n" + longest + " = 1\n");
  ExpectErrorWith(key, Code::kConfigUnknownKey, {"train.toml:4:1: [loader] xxx", "...: unknown"});
  ExpectErrorWith(ParseBody("[loader]\nshuffle = \"" + longest + "\"\n"), Code::kConfigValue,
                  {"xxx...\"; allowed: full, block, none"});
  // Two bytes each: never cut in the middle.
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "\xc3\xa4";
  const Parsed cut = ParseBody("[loader]\nshuffle = \"" + umlauts + "\"\n");
  ExpectErrorWith(cut, Code::kConfigValue, {"\xc3\xa4...\""});
}

TEST(ConfigErrorTest, ALongFileNameKeepsItsEnd) {
  ConfigSource source;
  source.text = "x = 1";
  source.name = std::string(3000, 'd') + "/train\n.toml";
  Config config;
  ConfigError error;
  EXPECT_FALSE(ParseConfig(source, &config, &error));
  EXPECT_EQ(error.text.substr(0, 3), "...");
  EXPECT_NE(error.text.find("/train\\n.toml:1:1: x: "), std::string::npos) << error.text;
  ExpectOneLine(error);
}

TEST(ConfigErrorTest, FilesThatCannotBeReadAreTold) {
  Config config;
  ConfigError error;
  EXPECT_FALSE(ParseConfigFile("/no/such.toml", {}, &config, &error));
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_NE(error.text.find("/no/such.toml: No such file"), std::string::npos) << error.text;
  EXPECT_FALSE(ParseConfigFile(testing::TempDir(), {}, &config, &error));
  EXPECT_EQ(error.code, Code::kNotRegularFile);
  ExpectOneLine(error);

  const std::string path = testing::TempDir() + "/config_error_test.toml";
  std::ofstream(path) << std::string((size_t{1} << 20) + 1, '#');
  EXPECT_FALSE(ParseConfigFile(path, {}, &config, &error));
  EXPECT_EQ(error.code, Code::kConfigSyntax);
  unlink(path.c_str());
}

TEST(ConfigReportTest, SuggestionsAreNearOrContained) {
  constexpr std::string_view kNames[] = {"random_horizontal_flip", "resize", "hue", "pad"};
  EXPECT_EQ(Closest("RandomHorizontalFlip", kNames), "random_horizontal_flip");
  EXPECT_EQ(Closest("horizontal_flip", kNames), "random_horizontal_flip");
  EXPECT_EQ(Closest("reszie", kNames), "resize");
  EXPECT_EQ(Closest("resize_image", kNames), "resize");
  EXPECT_EQ(Closest("hu", kNames), "hue");
  EXPECT_EQ(Closest("rotate", kNames), "");
  EXPECT_EQ(Closest("", kNames), "");
  EXPECT_EQ(Closest("xyz", kNames), "");
}

TEST(ConfigReportTest, SuggestionsAreShortForms) {
  constexpr std::string_view kDtypes[] = {"u8", "f16", "bf16", "f32"};
  EXPECT_EQ(Closest("uint8", kDtypes), "u8");
  EXPECT_EQ(Closest("float16", kDtypes), "f16");
  EXPECT_EQ(Closest("bfloat16", kDtypes), "bf16");
  EXPECT_EQ(Closest("float32", kDtypes), "f32");
  EXPECT_EQ(Closest("float64", kDtypes), "");
  EXPECT_EQ(Closest("int8", kDtypes), "");
  EXPECT_EQ(Closest("half", kDtypes), "");
  EXPECT_EQ(Closest("unheard_of_8", kDtypes), "");
}

TEST(ConfigReportTest, PrintableEscapesWhatIsNotText) {
  EXPECT_EQ(Printable("a\tb\x01\x7f", 99), "a\\tb\\u0001\\u007f");
  EXPECT_EQ(Printable("\xff\xc3(\xe2\x82", 99), "\\xff\\xc3(\\xe2\\x82");
  EXPECT_EQ(Printable("\xed\xa0\x80\xf5", 99),
            "\\xed\\xa0\\x80\\xf5");  // a surrogate, past the end
  EXPECT_EQ(Printable("\xe2\x82\xac", 99), "\xe2\x82\xac");
  EXPECT_EQ(Printable("0123456789", 10), "0123456789");
  EXPECT_EQ(Printable("0123456789a", 10), "0123456...");
}

TEST(ConfigReportTest, TheLongestComplaintFits) {
  const std::string longest(1000, 'w');
  const std::string text = ComplaintText({.code = Code::kConfigValue,
                                          .place = longest,
                                          .subject = longest,
                                          .found = longest,
                                          .allowed = longest,
                                          .suggestion = longest});
  EXPECT_LE(text.size(), kConfigErrorBytesMax);
  EXPECT_GE(text.size(), kConfigErrorBytesMax - 1);
  EXPECT_EQ(text.substr(text.size() - 5), "...\"?");
}

}  // namespace
}  // namespace headrace::loader
