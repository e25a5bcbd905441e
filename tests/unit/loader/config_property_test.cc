// Damaged configurations: always a configuration or one bounded line, never anything else.
#include <random>

#include "config_parse.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kSeeds[] = {
    R"([dataset]
source = "folder"
path = "data/train"
classes = ["cat", "dog", "\u00e4"]
[loader]
batch_size = 64
seed = 0x1F
corrupt_budget = 1e-2
max_host_bytes = "2GiB"
rank = 1
world_size = 4
[output]
mean = [0.485, 0.456, 0.406]   # of the 0..1 scale
std = [0.229, 0.224, 0.225]
[decode]
alpha = [1, 2, 3]
)",
    R"([dataset]
path = '''raw'''
[[augment]]
op = "random_resized_crop"
size = [224, 192]
scale = [0.08, 1.0]
[[augment]]
op = "random_horizontal_flip"
except_classes = ["6", "9"]
remap = { left = "right" }
[[augment]]
op = "rand_augment"
fill = [1, 2, 3]
[[mix]]
op = "cutmix"
minmax = [0.2, 0.8]
)",
    "dataset = { path = \"x\", split = \"a\", of = { a = 0.5, b = 0.5 } }\n"
    "augment = [{ op = \"instaboost\", actions = { normal = 1 } }, { op = \"pad\", padding = 1 }]\n"
    "mix = [{ op = \"ace\", keep = \"best\" }, { op = \"rmix\", patches = [2] }]\n",
};

constexpr std::string_view kPieces[] = {
    "[", "]",   "[[", "]]",    "{",    "}",       "=",  ".",   ",",  "\"",   "'''", "\n",
    "#", "nan", "-1", "1e999", "true", "\\u0000", "op", "a.b", "[]", "\xff", "p",   "1979-05-27"};

class Damage {
 public:
  explicit Damage(uint32_t seed) : random_(seed) {}

  size_t Below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  std::string Once(std::string text) {
    const size_t at = Below(text.size() + 1);
    const std::string_view piece = kPieces[Below(std::size(kPieces))];
    switch (Below(7)) {
      case 0: return text.substr(0, at);
      case 1: return text.insert(at, piece);
      case 2: return text.erase(at, Below(12));
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        return text;
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
        return text;
      case 5: return text.insert(at, text.substr(Below(text.size() + 1), Below(40)));
      default: return text.replace(at, Below(6), piece);
    }
  }

 private:
  std::mt19937 random_;
};

void Check(const Parsed& parsed, const std::string& text) {
  SCOPED_TRACE(text);
  if (parsed.good) {
    EXPECT_EQ(parsed.error.code, Code::kOk);
    EXPECT_TRUE(parsed.error.text.empty());
    EXPECT_EQ(parsed.config.dataset.path.size(), 1u);
    return;
  }
  EXPECT_GE(static_cast<int>(parsed.error.code), static_cast<int>(Code::kConfigSyntax));
  EXPECT_LE(static_cast<int>(parsed.error.code), static_cast<int>(Code::kNotInThisVersion));
  ExpectOneLine(parsed.error);
}

TEST(ConfigPropertyTest, DamagedTextsGiveAConfigurationOrOneLine) {
  Damage damage(1);
  int good = 0, bad = 0;
  for (int i = 0; i < 4000 && !testing::Test::HasFailure(); ++i) {
    std::string text(kSeeds[static_cast<size_t>(i) % std::size(kSeeds)]);
    for (size_t n = damage.Below(4) + 1; n > 0; --n) text = damage.Once(std::move(text));
    const Parsed parsed = Parse(text);
    Check(parsed, text);
    ++(parsed.good ? good : bad);
  }
  // Both ends are reached, or the property says little.
  EXPECT_GT(good, 50);
  EXPECT_GT(bad, 1000);
}

TEST(ConfigPropertyTest, EveryPrefixGivesAConfigurationOrOneLine) {
  for (const std::string_view seed : kSeeds) {
    for (size_t size = 0; size <= seed.size() && !testing::Test::HasFailure(); ++size) {
      const std::string text(seed.substr(0, size));
      Check(Parse(text), text);
    }
  }
}

TEST(ConfigPropertyTest, DamagedOverridesGiveAConfigurationOrOneLine) {
  constexpr std::string_view kOverrides[] = {
      "loader.seed=5",    "augment.0.size=[160, 160]", "augment.2={op = \"resize\", size = 3}",
      "mix.0.op=mixup",   "output.mean=[0, 0, 0]",     "augment.1.remap.\"a.b\"=c",
      "dataset.path=/x y"};
  Damage damage(2);
  int good = 0;
  for (int i = 0; i < 2000 && !testing::Test::HasFailure(); ++i) {
    std::vector<std::string> overrides;
    for (size_t n = damage.Below(2) + 1; n > 0; --n) {
      std::string text(kOverrides[damage.Below(std::size(kOverrides))]);
      for (size_t k = damage.Below(3); k > 0; --k) text = damage.Once(std::move(text));
      overrides.push_back(std::move(text));
    }
    std::string base(kSeeds[1]);
    base.replace(base.find("rand_augment"), 12, "random_horizontal_flip");
    base.erase(base.find("fill ="), 17);
    const Parsed parsed = Parse(base, overrides);
    Check(parsed, overrides[0]);
    good += parsed.good ? 1 : 0;
  }
  EXPECT_GT(good, 200);
}

}  // namespace
}  // namespace headrace::loader
