// [[augment]] entries: the schema itself, what each kind of parameter becomes, what is refused.
#include "loader/config_ops.h"

#include <fstream>
#include <set>
#include <sstream>

#include "config_parse.h"

namespace headrace::loader {
namespace {

Parsed ParseEntry(const std::string& body) { return ParseBody("[[augment]]\n" + body); }

OpConfig Entry(const std::string& body) {
  const Parsed parsed = ParseEntry(body);
  EXPECT_TRUE(parsed.good) << body << ": " << parsed.error.text;
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

// A right value of each kind, for parameters that have no default.
std::string Sample(const ParamSpec& param) {
  switch (param.kind) {
    case ParamKind::kPair: return "[0.5, 0.5]";
    case ParamKind::kText: return "\"rand-m9\"";
    case ParamKind::kBox: return "[0, 0, 8, 8]";
    case ParamKind::kSix: return "[1, 0, 0.5, 0, 1, -2]";
    case ParamKind::kEight: return "[1, 0, 0.5, 0, 1, -2, 1e-3, 0]";
    case ParamKind::kInt:
    case ParamKind::kSizeShort: return param.name == "max_size" ? "9" : "8";
    case ParamKind::kSizeSquare: return "8";
    case ParamKind::kIntRange:
    case ParamKind::kPadding: return "2";
    default: return param.bounds.high < 1 || param.bounds.low > -2 ? "0.5" : "1";
  }
}

std::string Example(const OpSpec& spec, ParamNeed most) {
  std::string body = "op = \"" + std::string(spec.name) + "\"\n";
  for (const ParamSpec& param : spec.params) {
    if (param.need == ParamNeed::kDefault) continue;
    if (param.need == ParamNeed::kOptional && most == ParamNeed::kRequired) continue;
    body += std::string(param.name) + " = " + Sample(param) + '\n';
  }
  return body;
}

TEST(ConfigOpsTest, TheContractHasThirtyNineOps) {
  std::set<std::string_view> names;
  for (const OpSpec& spec : AllOps()) EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
  EXPECT_EQ(names.size(), 39u);
  EXPECT_EQ(FindOp("no_such_op"), nullptr);
  ASSERT_NE(FindOp("resize"), nullptr);
  EXPECT_EQ(FindOp("resize")->name, "resize");
}

TEST(ConfigOpsTest, EveryOpIsReadWithAndWithoutItsOptionalParameters) {
  for (const OpSpec& spec : AllOps()) {
    for (const ParamNeed most : {ParamNeed::kRequired, ParamNeed::kOptional}) {
      const Parsed parsed = ParseEntry(Example(spec, most));
      SCOPED_TRACE(Example(spec, most));
      ASSERT_EQ(parsed.config.augment.size(), 1u) << parsed.error.text;
      const OpConfig& op = parsed.config.augment[0];
      for (const ParamSpec& param : spec.params) {
        // With a timm string, what it says has no parameter of its own.
        const bool in_text = op.params.contains("config") &&
                             (param.name == "num_ops" || param.name == "magnitude" ||
                              param.name == "num_magnitude_bins" || param.name == "profile");
        const bool given =
            !in_text && (param.need == ParamNeed::kDefault || param.need == ParamNeed::kRequired ||
                         most == ParamNeed::kOptional);
        EXPECT_EQ(op.params.contains(std::string(param.name)), given) << param.name;
      }
      EXPECT_EQ(op.p, spec.p);
      if (spec.built) {
        EXPECT_TRUE(parsed.good) << parsed.error.text;
      } else {
        ExpectErrorWith(parsed, Code::kNotInThisVersion,
                        {"train.toml:4:6: [[augment]] op: found \"" + std::string(spec.name),
                         "which is not in this version"});
      }
    }
  }
}

TEST(ConfigOpsTest, EveryParameterRefusesOtherTypesAndMisspelling) {
  for (const OpSpec& spec : AllOps()) {
    const std::string body = Example(spec, ParamNeed::kRequired);
    for (const ParamSpec& param : spec.params) {
      const std::string name(param.name);
      SCOPED_TRACE(std::string(spec.name) + " " + name);
      std::string others = "op = \"" + std::string(spec.name) + "\"\n";
      for (const ParamSpec& other : spec.params) {
        if (other.need == ParamNeed::kRequired && other.name != param.name) {
          others += std::string(other.name) + " = " + Sample(other) + '\n';
        }
      }
      ExpectErrorWith(ParseEntry(others + name + " = 2020-01-01\n"), Code::kConfigType,
                      {"[[augment]] " + name + ": found a date"});
      ExpectErrorWith(ParseEntry(body + name + "s = 1\n"), Code::kConfigUnknownKey,
                      {"[[augment]] " + name + "s", "did you mean \"" + name});
      if (param.need == ParamNeed::kRequired) {
        ExpectErrorWith(ParseEntry(others), Code::kConfigMissing,
                        {"train.toml:3:1: [[augment]] " + name + ": missing"});
      }
    }
  }
}

TEST(ConfigOpsTest, ResizedCropAndItsDefaults) {
  const OpConfig op = Entry("op = \"random_resized_crop\"\nsize = 224\n");
  EXPECT_EQ(op.op, "random_resized_crop");
  EXPECT_EQ(op.p, 1.0);
  EXPECT_EQ(op.line, 3);
  EXPECT_EQ(Param<Numbers>(op, "size"), (Numbers{224, 224}));
  EXPECT_EQ(Param<Range>(op, "scale"), (Range{0.08, 1.0}));
  EXPECT_EQ(Param<Range>(op, "ratio"), (Range{3.0 / 4.0, 4.0 / 3.0}));
  EXPECT_EQ(Param<std::string>(op, "interpolation"), "bilinear");
  EXPECT_EQ(Param<bool>(op, "antialias"), true);
  EXPECT_FALSE(op.params.contains("at"));
}

TEST(ConfigOpsTest, ResizedCropTakesItsParameters) {
  const OpConfig op = Entry(
      "op = \"random_resized_crop\"\nsize = [10, 20]\nscale = 0.5\nratio = [1, 2]\n"
      "interpolation = \"lanczos\"\nantialias = true\nat = [1, 2, 3, 4]\n");
  EXPECT_EQ(Param<Numbers>(op, "size"), (Numbers{10, 20}));
  EXPECT_EQ(Param<Range>(op, "scale"), (Range{0.5, 0.5}));
  EXPECT_EQ(Param<Range>(op, "ratio"), (Range{1, 2}));
  EXPECT_EQ(Param<std::string>(op, "interpolation"), "lanczos");
  EXPECT_EQ(Param<Numbers>(op, "at"), (Numbers{1, 2, 3, 4}));
}

TEST(ConfigOpsTest, ResizeKeepsAShortSideApartFromASquare) {
  EXPECT_EQ(Param<Numbers>(Entry("op = \"resize\"\nsize = 256\n"), "size"), Numbers{256});
  EXPECT_EQ(Param<Numbers>(Entry("op = \"resize\"\nsize = [3, 4]\n"), "size"), (Numbers{3, 4}));
  EXPECT_EQ(Param<Numbers>(Entry("op = \"center_crop\"\nsize = 9\n"), "size"), (Numbers{9, 9}));
  EXPECT_EQ(Param<int64_t>(Entry("op = \"resize\"\nsize = 8\nmax_size = 9\n"), "max_size"), 9);
}

TEST(ConfigOpsTest, EveryInterpolationOfAResize) {
  for (const char* name :
       {"bilinear", "bicubic", "lanczos", "box", "hamming", "nearest", "nearest_legacy"}) {
    const std::string line = std::string("interpolation = \"") + name + "\"\n";
    EXPECT_EQ(Param<std::string>(Entry("op = \"resize\"\nsize = 8\n" + line), "interpolation"),
              name);
  }
  ExpectErrorWith(ParseEntry("op = \"resize\"\nsize = 8\ninterpolation = \"random\"\n"),
                  Code::kConfigValue, {"bilinear, bicubic, lanczos, box, hamming"});
  ExpectErrorWith(ParseEntry("op = \"resize\"\nsize = 8\nantialias = false\n"),
                  Code::kNotInThisVersion, {"antialias: found false", "allowed: true"});
}

TEST(ConfigOpsTest, FlipsTakeClassRulesAndRemap) {
  const OpConfig op = Entry(
      "op = \"random_horizontal_flip\"\np = 0.25\nonly_classes = [\"a\", \"b\"]\n"
      "except_classes = [\"6\", \"9\"]\nremap = { left = \"right\", o = \"o\" }\n");
  EXPECT_EQ(op.p, 0.25);
  EXPECT_EQ(op.only_classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(op.except_classes, (std::vector<std::string>{"6", "9"}));
  // One pair is both directions.
  EXPECT_EQ(op.remap,
            (std::map<std::string, std::string>{{"left", "right"}, {"right", "left"}, {"o", "o"}}));
  EXPECT_EQ(Entry("op = \"random_horizontal_flip\"\n").p, 0.5);
  EXPECT_EQ(Entry("op = \"random_horizontal_flip\"\np = 1\n").p, 1.0);
  EXPECT_EQ(Entry("op = \"random_horizontal_flip\"\nremap = { l = \"r\", r = \"l\" }\n").remap,
            (std::map<std::string, std::string>{{"l", "r"}, {"r", "l"}}));
}

TEST(ConfigOpsTest, NumbersBecomeRangesByTheConventionOfTheirKind) {
  const auto param = [](const std::string& body, const std::string& name) {
    return Param<Range>(ParseEntry(body).config.augment.at(0), name);
  };
  EXPECT_EQ(param("op = \"brightness\"\nfactor = 0.25\n", "factor"), (Range{0.75, 1.25}));
  EXPECT_EQ(param("op = \"contrast\"\nfactor = 1.5\n", "factor"), (Range{0, 2.5}));
  EXPECT_EQ(param("op = \"saturation\"\nfactor = [0.5, 0.5]\n", "factor"), (Range{0.5, 0.5}));
  EXPECT_EQ(param("op = \"hue\"\nfactor = 0.1\n", "factor"), (Range{-0.1, 0.1}));
  EXPECT_EQ(param("op = \"sharpness\"\nfactor = 0.5\n", "factor"), (Range{0.5, 0.5}));
  EXPECT_EQ(param("op = \"posterize\"\nbits = 4\n", "bits"), (Range{4, 4}));
  EXPECT_EQ(param("op = \"posterize\"\nbits = [2, 6]\n", "bits"), (Range{2, 6}));
  EXPECT_EQ(param("op = \"random_rotation\"\ndegrees = 30\n", "degrees"), (Range{-30, 30}));
  EXPECT_EQ(param("op = \"random_rotation\"\ndegrees = [30, 30]\n", "degrees"), (Range{30, 30}));
  EXPECT_EQ(param("op = \"random_zoom\"\n", "height_factor"), (Range{-0.2, 0.2}));
  EXPECT_EQ(param("op = \"solarize\"\n", "threshold"), (Range{128, 128}));
  EXPECT_EQ(param("op = \"solarize_add\"\n", "add"), (Range{64, 64}));
  EXPECT_EQ(param("op = \"gaussian_blur\"\n", "sigma"), (Range{0.1, 2.0}));
  EXPECT_EQ(param("op = \"gaussian_noise\"\n", "sigma"), (Range{0.1, 0.1}));
  EXPECT_EQ(param("op = \"salt_pepper_noise\"\n", "amount"), (Range{0.05, 0.05}));
  EXPECT_EQ(param("op = \"color_jitter\"\nhue = 0.5\n", "hue"), (Range{-0.5, 0.5}));
  EXPECT_EQ(param("op = \"color_jitter\"\n", "brightness"), (Range{1, 1}));
}

TEST(ConfigOpsTest, ListsBecomeWhatTheirKindSays) {
  const auto param = [](const std::string& body, const std::string& name) {
    return Param<Numbers>(ParseEntry(body).config.augment.at(0), name);
  };
  EXPECT_EQ(param("op = \"pad\"\npadding = 3\n", "padding"), (Numbers{3, 3, 3, 3}));
  EXPECT_EQ(param("op = \"pad\"\npadding = [1, 2]\n", "padding"), (Numbers{1, 2, 1, 2}));
  EXPECT_EQ(param("op = \"pad\"\npadding = [1, 2, 3, -4]\n", "padding"), (Numbers{1, 2, 3, -4}));
  EXPECT_EQ(param("op = \"pad\"\npadding = 1\nfill = [1, 2, 3]\n", "fill"), (Numbers{1, 2, 3}));
  EXPECT_EQ(param("op = \"gaussian_blur\"\n", "kernel_size"), (Numbers{5, 5}));
  EXPECT_EQ(param("op = \"random_affine\"\ndegrees = 0\nshear = [1, 2]\n", "shear"),
            (Numbers{1, 2}));
  EXPECT_EQ(param("op = \"instaboost\"\nactions = { hflip = 2 }\n", "actions"),
            (Numbers{0, 2, 0, 0}));
  EXPECT_EQ(param("op = \"random_erasing\"\nvalue = [1, 2, 3]\n", "value"), (Numbers{1, 2, 3}));
  EXPECT_EQ(Param<std::string>(
                ParseEntry("op = \"random_erasing\"\nvalue = \"random\"\n").config.augment.at(0),
                "value"),
            "random");
}

TEST(ConfigOpsTest, BadValuesAreTold) {
  struct Bad {
    const char* body;
    Code code;
    std::vector<std::string> parts;
  };
  const Bad kBad[] = {
      {"size = 3", Code::kConfigMissing, {"[[augment]] op: missing", "docs/ops.md"}},
      {"op = 3", Code::kConfigType, {"found an integer, 3"}},
      {"op = \"random_rezised_crop\"",
       Code::kConfigValue,
       {"train.toml:4:6: [[augment]] op: found \"random_rezised_crop\"", "docs/ops.md",
        "did you mean \"random_resized_crop\"?"}},
      {"op = \"resize\"\nsize = 0", Code::kConfigValue, {"size: found 0", "from 1 to 65535"}},
      {"op = \"resize\"\nsize = -3", Code::kConfigValue, {"size: found -3"}},
      {"op = \"resize\"\nsize = 2.5", Code::kConfigValue, {"an integer or [height, width]"}},
      {"op = \"resize\"\nsize = []", Code::kConfigValue, {"found []"}},
      {"op = \"resize\"\nsize = [1, 2, 3]", Code::kConfigValue, {"found [1, 2, 3]"}},
      {"op = \"resize\"\nsize = [8, 0]", Code::kConfigValue, {"with 0"}},
      {"op = \"resize\"\nsize = \"224\"", Code::kConfigType, {"found a string, \"224\""}},
      {"op = \"resize\"\nsize = 8\nmax_size = 8", Code::kConfigValue, {"above size"}},
      {"op = \"resize\"\nsize = [8, 8]\nmax_size = 9", Code::kConfigValue, {"short side"}},
      {"op = \"resize\"\nsize = 8\ninterpolation = \"bilinaer\"",
       Code::kConfigValue,
       {"mean \"bilinear\""}},
      {"op = \"resize\"\nsize = 8\np = 2", Code::kConfigValue, {"[[augment]] p: found 2"}},
      {"op = \"resize\"\nsize = 8\np = -0.1", Code::kConfigValue, {"from 0 to 1"}},
      {"op = \"resize\"\nsize = 8\np = nan", Code::kConfigValue, {"found nan"}},
      {"op = \"resize\"\nsize = 8\nonly_classes = []", Code::kConfigValue, {"only_classes"}},
      {"op = \"resize\"\nsize = 8\nexcept_classes = []", Code::kConfigValue, {"except_classes"}},
      {"op = \"resize\"\nsize = 8\nremap = { a = \"b\" }", Code::kConfigUnknownKey, {"remap"}},
      {"op = \"random_resized_crop\"\nsize = 8\nscale = 0", Code::kConfigValue, {"above 0"}},
      {"op = \"random_resized_crop\"\nsize = 8\nscale = [0.5, 1.5]",
       Code::kConfigValue,
       {"with 1.5", "at most 1"}},
      {"op = \"random_resized_crop\"\nsize = 8\nscale = [0.5, 0.4]",
       Code::kConfigValue,
       {"low <= high"}},
      {"op = \"random_resized_crop\"\nsize = 8\nratio = [0, 1]", Code::kConfigValue, {"with 0"}},
      {"op = \"random_resized_crop\"\nsize = 8\nratio = [1]", Code::kConfigValue, {"list of 2"}},
      {"op = \"random_resized_crop\"\nsize = 8\nat = [0, 0, 0, 1]",
       Code::kConfigValue,
       {"at least 1"}},
      {"op = \"random_horizontal_flip\"\nremap = {}", Code::kConfigValue, {"class pairs"}},
      {"op = \"random_horizontal_flip\"\nremap = { a = 3 }", Code::kConfigType, {"a string"}},
      {"op = \"random_horizontal_flip\"\nremap = { a = \"b\", b = \"c\" }",
       Code::kConfigValue,
       {"one mirror class"}},
      {"op = \"random_horizontal_flip\"\nremap = { a = \"c\", b = \"c\" }",
       Code::kConfigValue,
       {"one mirror class"}},
      {"op = \"hue\"\nfactor = 0.6", Code::kConfigValue, {"from 0 to 0.5"}},
      {"op = \"random_rotation\"\ndegrees = -3", Code::kConfigValue, {"found -3"}},
      {"op = \"random_zoom\"\nheight_factor = 1",
       Code::kConfigValue,
       {"found 1; allowed: a number at least 0, below 1"}},
      {"op = \"posterize\"\nbits = 2.5", Code::kConfigValue, {"an integer"}},
      {"op = \"gaussian_blur\"\nkernel_size = 4", Code::kConfigValue, {"odd"}},
      {"op = \"instaboost\"\nactions = { flip = 1 }", Code::kConfigUnknownKey, {"\"hflip\""}},
      {"op = \"instaboost\"\nactions = {}", Code::kConfigValue, {"above 0"}},
      {"op = \"rand_augment\"\nmagnitude = 31", Code::kConfigValue, {"num_magnitude_bins"}},
      {"op = \"aug_mix\"\nchain_depth = 0", Code::kConfigValue, {"-1"}},
      {"op = \"auto_augment\"\npolicy = \"imagnet\"", Code::kConfigValue, {"\"imagenet\""}},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.body);
    ExpectErrorWith(ParseEntry(bad.body), bad.code, bad.parts);
  }
}

TEST(ConfigOpsTest, AllCommonKeysAreSharedAndRemapIsForFlips) {
  for (const OpSpec& spec : AllOps()) {
    SCOPED_TRACE(spec.name);
    const std::string body = Example(spec, ParamNeed::kRequired) +
                             "p = 0.125\nonly_classes = [\"a\"]\nexcept_classes = [\"b\"]\n";
    const Parsed parsed = ParseEntry(body);
    ASSERT_EQ(parsed.config.augment.size(), 1u) << parsed.error.text;
    EXPECT_EQ(parsed.config.augment[0].p, 0.125);
    const Code code = ParseEntry(body + "remap = { a = \"b\" }\n").error.code;
    EXPECT_EQ(code == Code::kConfigUnknownKey, !spec.is_flip);
  }
}

TEST(ConfigOpsTest, InlineTextsAreReadAsEntries) {
  const std::vector<std::string> texts = {"op = \"resize\", size = 224",
                                          "op = \"random_horizontal_flip\", p = 1"};
  std::vector<OpConfig> ops;
  ConfigError error;
  ASSERT_TRUE(ParseOps(texts, &ops, &error)) << error.text;
  ASSERT_EQ(ops.size(), 2u);
  EXPECT_EQ(Param<Numbers>(ops[0], "size"), Numbers{224});
  EXPECT_EQ(ops[1].p, 1.0);
  EXPECT_EQ(ops[1].line, 0);
  ASSERT_TRUE(ParseOps({}, &ops, &error));
  EXPECT_TRUE(ops.empty());
}

TEST(ConfigOpsTest, ErrorsOfInlineTextsNameTheTextAndItsColumn) {
  const auto error_of = [](const std::string& text) {
    const std::vector<std::string> texts = {"op = \"invert\"", text};
    std::vector<OpConfig> ops;
    Parsed parsed;
    parsed.good = ParseOps(texts, &ops, &parsed.error);
    return parsed;
  };
  ExpectErrorWith(error_of("op = \"resize\", sizes = 3"), Code::kConfigUnknownKey,
                  {"op 2:1:16: [[augment]] sizes: unknown key", "mean \"size\""});
  ExpectErrorWith(error_of("op = \"resize\", size = "), Code::kConfigSyntax, {"op 2:1:"});
  ExpectErrorWith(error_of("op = \"resize\"}\nw = {a = 1"), Code::kConfigSyntax, {"a line end"});
  ExpectErrorWith(error_of("op = \"resize\"} #"), Code::kConfigMissing, {"op 2", "size"});
  ExpectErrorWith(error_of(""), Code::kConfigMissing, {"[[augment]] op: missing"});
  ExpectErrorWith(error_of("op = \"resize\", size = 3, antialias = false"), Code::kNotInThisVersion,
                  {"op 2:1:", "antialias"});
}

// docs/ops.md has a row `| `name` | kind | default |` for each parameter; a schema that moves on
// without it fails here.
TEST(ConfigOpsTest, TheDocumentationListsEveryOpAndParameter) {
  std::ifstream file(HEADRACE_SOURCE_DIR "/docs/ops.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string doc = text.str();
  ASSERT_FALSE(doc.empty());
  for (const OpSpec& spec : AllOps()) {
    const std::string head =
        "### " + std::string(spec.name) + (spec.built ? "\n" : " (not in this version)\n");
    const size_t begin = doc.find(head);
    ASSERT_NE(begin, std::string::npos) << head;
    const std::string part = doc.substr(begin, doc.find("\n##", begin + 1) - begin);
    for (const ParamSpec& param : spec.params) {
      const std::string value = param.need == ParamNeed::kRequired ? "required"
                                : param.need == ParamNeed::kOptional
                                    ? "none"
                                    : '`' + std::string(param.default_toml) + '`';
      EXPECT_NE(part.find("| `" + std::string(param.name) + "` | " + value + " |"),
                std::string::npos)
          << spec.name << ' ' << param.name << ": " << value;
    }
  }
}

TEST(ParseOpsTest, TakesEntriesAsExplainPrintsThem) {
  std::vector<OpConfig> ops;
  ConfigError error;
  const std::vector<std::string> texts = {
      "[[augment]]\nop = \"resize\"\np = 1.0\nsize = [3, 4]\n\n[[augment]]\nop = \"center_crop\"\n"
      "size = 2\n",
      "op = \"random_horizontal_flip\""};
  ASSERT_TRUE(ParseOps(texts, &ops, &error)) << error.text;
  ASSERT_EQ(ops.size(), 3u);
  EXPECT_EQ(ops[0].op, "resize");
  EXPECT_EQ(ops[1].op, "center_crop");
  EXPECT_EQ(ops[2].op, "random_horizontal_flip");
  for (const char* wrong : {"[[augment]]\nop = \"resise\"\nsize = 3", "[[mix]]\nop = \"mixup\"",
                            "[[augment]]\nop = \"resize\"", "[[augment]"}) {
    const std::vector<std::string> one = {wrong};
    EXPECT_FALSE(ParseOps(one, &ops, &error)) << wrong;
    EXPECT_FALSE(error.text.empty());
  }
}

}  // namespace
}  // namespace headrace::loader
