// The ops of colours and tables: against plain twins, by draws that are filled by hand, and what
// they draw.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/rng.h"
#include "loader/augment/op.h"
#include "loader/config_toml.h"
#include "simd/hue.h"
#include "simd/reference_colour.h"
#include "simd/reference_hue.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/distribution.h"
#include "tests/unit/loader/augment_pictures.h"
#include "tests/unit/loader/augment_replay.h"

namespace headrace::loader {
namespace {

using Params = std::map<std::string, ParamValue>;

// ------------------------------------------------------------------ twins

using Table = std::array<int, 256>;
void MapTwin(Bitmap* picture, size_t channel, const Table& table) {
  for (size_t i = channel; i < picture->bytes.size(); i += 3) {
    picture->bytes[i] = static_cast<uint8_t>(table[picture->bytes[i]]);
  }
}
template <class Value>
void MapTwin(Bitmap* picture, const Value& value) {
  for (uint8_t& byte : picture->bytes) byte = static_cast<uint8_t>(value(byte));
}
std::array<uint32_t, 256> CountsOf(const Bitmap& picture, size_t channel) {
  std::array<uint32_t, 256> counts{};
  for (size_t i = channel; i < picture.bytes.size(); i += 3) ++counts[picture.bytes[i]];
  return counts;
}

void AutocontrastTwin(Bitmap* picture, double cutoff) {
  const size_t pixels = picture->bytes.size() / 3;
  for (size_t c = 0; c < 3; ++c) {
    std::vector<uint8_t> values;
    for (size_t i = c; i < picture->bytes.size(); i += 3) values.push_back(picture->bytes[i]);
    std::sort(values.begin(), values.end());
    const auto cut = static_cast<size_t>(std::floor(static_cast<double>(pixels) * cutoff / 100));
    if (2 * cut >= pixels) continue;
    const int low = values[cut];
    const int high = values[pixels - 1 - cut];
    if (high <= low) continue;
    Table table;
    const double scale = 255.0 / (high - low);
    const double offset = -low * scale;
    for (int v = 0; v < 256; ++v) {
      table[static_cast<size_t>(v)] = static_cast<int>(std::clamp(v * scale + offset, 0.0, 255.0));
    }
    MapTwin(picture, c, table);
  }
}

void EqualizeTwin(Bitmap* picture) {
  for (size_t c = 0; c < 3; ++c) {
    const std::array<uint32_t, 256> counts = CountsOf(*picture, c);
    std::vector<uint32_t> used;
    for (const uint32_t count : counts) {
      if (count > 0) used.push_back(count);
    }
    if (used.size() <= 1) continue;
    const size_t step = (picture->bytes.size() / 3 - used.back()) / 255;
    if (step == 0) continue;
    Table table;
    size_t sum = step / 2;
    for (size_t v = 0; v < 256; ++v) {
      table[v] = static_cast<int>(std::min<size_t>(255, sum / step));
      sum += counts[v];
    }
    MapTwin(picture, c, table);
  }
}

void ContrastTwin(Bitmap* picture, float factor) {
  uint64_t sum = 0;
  for (size_t i = 0; i < picture->bytes.size(); i += 3) {
    sum += simd::reference::GrayOf(&picture->bytes[i]);
  }
  const double mean = static_cast<double>(sum) / static_cast<double>(picture->bytes.size() / 3);
  const auto with = static_cast<uint8_t>(mean + 0.5);
  MapTwin(picture, [&](uint8_t v) { return simd::reference::Blend(with, v, factor); });
}

// The op `name` with the values of its header, on a picture of its own.
Bitmap Twin(const std::string& name, const std::array<double, 8>& values, const Bitmap& picture) {
  Bitmap out = picture;
  const auto factor = static_cast<float>(values[0]);
  if (name == "brightness") {
    MapTwin(&out, [&](uint8_t v) { return simd::reference::Blend(0, v, factor); });
  } else if (name == "contrast") {
    ContrastTwin(&out, factor);
  } else if (name == "saturation") {
    simd::reference::Saturate(picture.view(), factor, out.view());
  } else if (name == "sharpness") {
    simd::reference::Sharpen(picture.view(), factor, out.view());
  } else if (name == "random_grayscale") {
    simd::reference::Grayscale(picture.view(), out.view());
  } else if (name == "hue") {
    if (values[0] != 0) {
      simd::reference::ShiftHue(picture.view(), simd::HueSteps(values[0]), out.view());
    }
  } else if (name == "posterize") {
    const int bits = static_cast<int>(values[0]);
    MapTwin(&out, [&](int v) { return bits == 0 ? 0 : v >> (8 - bits) << (8 - bits); });
  } else if (name == "solarize") {
    MapTwin(&out, [&](int v) { return v < values[0] ? v : 255 - v; });
  } else if (name == "solarize_add") {
    MapTwin(&out, [&](int v) {
      return v < values[1] ? std::clamp(v + static_cast<int>(values[0]), 0, 255) : v;
    });
  } else if (name == "invert") {
    MapTwin(&out, [](int v) { return 255 - v; });
  } else if (name == "autocontrast") {
    AutocontrastTwin(&out, values[0]);
  } else if (name == "equalize") {
    EqualizeTwin(&out);
  } else {
    ADD_FAILURE() << "no twin of " << name;
  }
  return out;
}

// ------------------------------------------------------------------ one op

struct OpCase {
  std::string name;
  Params params;                              // one range that covers what the op may draw
  std::vector<std::array<double, 8>> values;  // some draws
  std::array<double, 8> identity;             // this one changes nothing
  bool has_identity = true;
};

const std::vector<OpCase>& Cases() {
  static const std::vector<OpCase> cases = {
      {"brightness", {{"factor", Range{0.25, 1.75}}}, {{0.0}, {0.6}, {1.3}, {7.5}}, {1.0}},
      {"contrast", {{"factor", Range{0.25, 1.75}}}, {{0.0}, {0.6}, {1.3}, {7.5}}, {1.0}},
      {"saturation", {{"factor", Range{0.25, 1.75}}}, {{0.0}, {0.6}, {1.3}, {7.5}}, {1.0}},
      {"sharpness", {{"factor", Range{0.25, 1.75}}}, {{0.0}, {0.6}, {1.3}, {7.5}}, {1.0}},
      {"hue", {{"factor", Range{-0.5, 0.5}}}, {{-0.5}, {-0.1}, {0.001}, {0.5}}, {0.0}},
      {"posterize", {{"bits", Range{2, 7}}}, {{0.0}, {1.0}, {4.0}, {7.0}}, {8.0}},
      {"solarize", {{"threshold", Range{10, 250}}}, {{0.0}, {77.5}, {128.0}, {255.0}}, {256.0}},
      {"solarize_add",
       {{"add", Range{-100, 100}}, {"threshold", Range{10, 250}}},
       {{110, 128}, {-90, 128}, {64, 200.5}},
       {0, 128}},
      {"autocontrast", {{"cutoff", 0.0}}, {{0.0}, {3.0}, {20.5}}, {50.0}},
      {"equalize", {}, {{}}, {}, false},
      {"invert", {}, {{}}, {}, false},
      {"random_grayscale", {}, {{}}, {}, false},
  };
  return cases;
}

std::unique_ptr<Op> Made(const std::string& name, const Params& params = {}) {
  ConfigError error;
  std::unique_ptr<Op> op = MakeOp(MakeOpConfig(name, params), &error);
  EXPECT_NE(op, nullptr) << error.text;
  return op;
}

// One draw carried out, as a policy would have it done.
Bitmap RunDraws(std::span<const OpDraw> draws, const Bitmap& picture, bool ours) {
  const ListRun run(draws, {.ours = ours}, picture.size);
  GuardedScratch scratch(run.Measure().bytes);
  Bitmap copy = picture;
  Picture result;
  const Status status = run.Run(copy.view(), scratch.span(), &result, nullptr);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_TRUE(scratch.GuardIsWhole());
  EXPECT_TRUE(ours || copy == picture) << "the input was written to";
  return Copied(result.pixels, result.mirrored ? simd::FlipColumns::kYes : simd::FlipColumns::kNo);
}

OpDraw DrawOf(const Op* op, const std::array<double, 8>& values, SizePx size) {
  OpDraw draw = {.op = op, .in = size, .out = size, .rect = {0, 0, size.width, size.height}};
  draw.values = values;
  return draw;
}

TEST(AugmentColourTest, DrawsFilledByHandDoWhatTheirTwinsDo) {
  for (const OpCase& c : Cases()) {
    const auto op = Made(c.name);
    EXPECT_EQ(op->name(), c.name);
    for (const SizePx size : {SizePx{1, 1}, {1, 7}, {7, 1}, {3, 3}, {17, 31}, {90, 40}}) {
      const Bitmap picture = MakePicture(size, 3);
      for (const auto& values : c.values) {
        const OpDraw draw = DrawOf(op.get(), values, size);
        const Bitmap wanted = Twin(c.name, values, picture);
        ASSERT_EQ(RunDraws({&draw, 1}, picture, false), wanted) << c.name << " " << values[0];
        ASSERT_EQ(RunDraws({&draw, 1}, picture, true), wanted) << c.name << " in place";
      }
    }
  }
}

TEST(AugmentColourTest, NeutralDrawsChangeNothing) {
  const Bitmap picture = MakePicture({33, 21}, 4);
  for (const OpCase& c : Cases()) {
    if (!c.has_identity) continue;
    const auto op = Made(c.name);
    const OpDraw draw = DrawOf(op.get(), c.identity, picture.size);
    EXPECT_EQ(RunDraws({&draw, 1}, picture, false), picture) << c.name;
    EXPECT_EQ(RunDraws({&draw, 1}, picture, true), picture) << c.name;
  }
}

// Pictures in which there is little to count: the statistics' ends.
TEST(AugmentColourTest, StatisticsOfPoorPicturesAreNoTrouble) {
  for (const uint8_t value : {uint8_t{0}, uint8_t{128}, uint8_t{255}}) {
    for (const bool two_valued : {false, true}) {
      Bitmap picture({40, 30});
      std::fill(picture.bytes.begin(), picture.bytes.end(), value);
      if (two_valued) std::fill_n(picture.bytes.begin(), 600, uint8_t{100});
      for (const char* name : {"equalize", "autocontrast", "contrast"}) {
        const auto op = Made(name);
        for (const double first : {0.0, 0.5, 30.0, 50.0}) {
          const OpDraw draw = DrawOf(op.get(), {first}, picture.size);
          ASSERT_EQ(RunDraws({&draw, 1}, picture, false), Twin(name, {first}, picture))
              << name << " " << first;
        }
      }
    }
  }
}

// Neighbours fuse into one table, and statistics are those of the picture as it would be.
TEST(AugmentColourTest, ListsEqualTheOpsOneByOne) {
  std::map<std::string, std::unique_ptr<Op>> ops;
  for (const OpCase& c : Cases()) ops[c.name] = Made(c.name);
  const auto mirror = Made("random_horizontal_flip");
  for (uint64_t seed = 0; seed < 400; ++seed) {
    RandomStream random({.seed = seed, .name = "test"});
    const SizePx size{1 + random.NextBelow(60), 1 + random.NextBelow(60)};
    const Bitmap picture = MakePicture(size, static_cast<uint32_t>(seed));
    Bitmap wanted = picture;
    std::vector<OpDraw> draws;
    std::string names;
    for (uint32_t i = 1 + random.NextBelow(6); i > 0; --i) {
      if (random.NextBelow(5) == 0) {
        draws.push_back(DrawOf(mirror.get(), {}, size));
        wanted = Copied(wanted.view(), simd::FlipColumns::kYes);
        continue;
      }
      const OpCase& c = Cases()[random.NextBelow(static_cast<uint32_t>(Cases().size()))];
      const auto& values = c.values[random.NextBelow(static_cast<uint32_t>(c.values.size()))];
      draws.push_back(DrawOf(ops[c.name].get(), values, size));
      wanted = Twin(c.name, values, wanted);
      names += " " + c.name;
    }
    ASSERT_EQ(RunDraws(draws, picture, seed % 2 == 0), wanted) << "seed " << seed << names;
  }
}

TEST(AugmentColourTest, ExplainedEntriesGiveTheSameBytesAgain) {
  const std::vector<OpConfig> ops = ParsedOps(R"(
    [[augment]]
    op = "color_jitter"
    brightness = 0.4
    contrast = [0.5, 0.9]
    saturation = 0.4
    hue = 0.1
    p = 0.8
    [[augment]]
    op = "random_grayscale"
    p = 0.3
    [[augment]]
    op = "posterize"
    bits = [2, 7]
    [[augment]]
    op = "sharpness"
    factor = [0.3, 1.9]
    p = 0.5
    [[augment]]
    op = "solarize"
    threshold = [20.5, 250]
    p = 0.3
    [[augment]]
    op = "solarize_add"
    add = [-20, 100]
    threshold = [20, 200]
    p = 0.3
    [[augment]]
    op = "autocontrast"
    cutoff = 2.5
    p = 0.5
    [[augment]]
    op = "equalize"
    p = 0.3
    [[augment]]
    op = "invert"
    p = 0.5
    [[augment]]
    op = "hue"
    factor = 0.5
    space = "float"
    p = 0.5
  )");
  ExpectReplays(ops, MakePicture({57, 43}, 5), 100);
}

TEST(AugmentColourTest, TheFloatSpaceOfHueIsAnotherArithmetic) {
  const auto op = Made("hue", {{"space", std::string("float")}});
  const Bitmap picture = MakePicture({30, 20}, 1);
  Bitmap wanted(picture.size);
  simd::reference::ShiftHueFloat(picture.view(), 0.3f, wanted.view());
  const OpDraw draw = DrawOf(op.get(), {0.3}, picture.size);
  EXPECT_EQ(RunDraws({&draw, 1}, picture, false), wanted);
  std::string toml;
  op->Explain(draw, &toml);
  EXPECT_EQ(toml, "factor = [0.3, 0.3]\nspace = \"float\"\n");
}

// ------------------------------------------------------------------ draws

std::vector<std::array<double, 8>> ManyDraws(const Op& op, size_t count) {
  std::vector<std::array<double, 8>> draws;
  for (size_t i = 0; i < count; ++i) {
    RandomStream stream({.seed = 7, .unit = i, .name = op.name()});
    OpDraw draw = DrawOf(&op, {}, {8, 8});
    EXPECT_TRUE(op.Draw(&stream, &draw).ok());
    draws.push_back(draw.values);
  }
  return draws;
}

TEST(AugmentColourTest, FactorsAreUniform) {
  constexpr size_t kCount = 20000;
  const auto cdf_of = [](const Range& range) {
    return [range](double x) { return (x - range.low) / (range.high - range.low); };
  };
  for (const char* name : {"brightness", "contrast", "saturation", "sharpness", "hue"}) {
    const Range range = std::string(name) == "hue" ? Range{-0.3, 0.4} : Range{0.2, 1.9};
    std::vector<double> drawn;
    for (const auto& values : ManyDraws(*Made(name, {{"factor", range}}), kCount)) {
      drawn.push_back(values[0]);
    }
    EXPECT_LT(testing::KsDistance(drawn, cdf_of(range)), testing::KsLimit(kCount)) << name;
    // A sampler of another range would be seen.
    EXPECT_GT(testing::KsDistance(drawn, cdf_of({range.low, range.high * 1.1})),
              testing::KsLimit(kCount));
  }
}

TEST(AugmentColourTest, WholeRangesIncludeBothEndsEqually) {
  constexpr size_t kCount = 20000;
  const auto posterize = Made("posterize", {{"bits", Range{3, 6}}});
  std::map<double, int> counts;
  for (const auto& values : ManyDraws(*posterize, kCount)) ++counts[values[0]];
  ASSERT_EQ(counts.size(), 4u);
  for (const auto& [bits, count] : counts) EXPECT_NEAR(count, kCount / 4, 400) << bits;

  const auto add = Made("solarize_add", {{"add", Range{-2, 2}}, {"threshold", Range{0, 100}}});
  std::set<double> added;
  for (const auto& values : ManyDraws(*add, 1000)) {
    added.insert(values[0]);
    ASSERT_GE(values[1], 0);
    ASSERT_LT(values[1], 100);
  }
  EXPECT_EQ(added, (std::set<double>{-2, -1, 0, 1, 2}));
}

TEST(AugmentColourTest, JitterDrawsAllOrdersAndTheFactorsOfItsParts) {
  const auto jitter = Made("color_jitter", {{"brightness", Range{0.6, 1.4}},
                                            {"contrast", Range{0.5, 1.5}},
                                            {"saturation", Range{0.4, 1.6}},
                                            {"hue", Range{-0.1, 0.1}}});
  EXPECT_EQ(jitter->DrawCountMax(), 4u);
  std::map<std::string, int> orders;
  std::map<std::string, std::vector<double>> factors;
  constexpr int kCount = 12000;
  std::vector<OpDraw> room(4);
  for (int i = 0; i < kCount; ++i) {
    RandomStream stream({.seed = 3, .unit = static_cast<uint64_t>(i), .name = "color_jitter"});
    DrawList list(room, {9, 9});
    ASSERT_TRUE(jitter->Expand(&stream, &list).ok());
    ASSERT_EQ(list.count(), 4u);
    ASSERT_FALSE(list.overflowed());
    std::string order;
    for (const OpDraw& draw : room) {
      order += draw.op->name().front();
      factors[std::string(draw.op->name())].push_back(draw.values[0]);
    }
    ++orders[order];
  }
  EXPECT_EQ(orders.size(), 24u);
  for (const auto& [order, count] : orders) EXPECT_NEAR(count, kCount / 24, 120) << order;
  const std::map<std::string, Range> ranges = {{"brightness", {0.6, 1.4}},
                                               {"contrast", {0.5, 1.5}},
                                               {"saturation", {0.4, 1.6}},
                                               {"hue", {-0.1, 0.1}}};
  for (const auto& [name, range] : ranges) {
    const auto cdf = [r = range](double x) { return (x - r.low) / (r.high - r.low); };
    EXPECT_LT(testing::KsDistance(factors[name], cdf), testing::KsLimit(kCount)) << name;
  }
}

TEST(AugmentColourTest, JitterDrawsInTheOrderThatItsDocumentationGives) {
  const auto jitter =
      Made("color_jitter", {{"contrast", Range{0.5, 1.5}}, {"hue", Range{-0.1, 0.1}}});
  std::vector<OpDraw> room(4);
  for (uint64_t unit = 0; unit < 50; ++unit) {
    const StreamAddress address = {.seed = 3, .unit = unit, .name = "color_jitter"};
    RandomStream stream(address);
    DrawList list(room, {9, 9});
    ASSERT_TRUE(jitter->Expand(&stream, &list).ok());
    ASSERT_EQ(list.count(), 2u) << "parts that change nothing are left out";
    RandomStream again(address);
    std::string order = "bcsh";
    for (uint32_t i = 3; i > 0; --i) std::swap(order[i], order[again.NextBelow(i + 1)]);
    const double contrast = again.NextUniform(0.5, 1.5);
    const double hue = again.NextUniform(-0.1, 0.1);
    const bool contrast_first = order.find('c') < order.find('h');
    const OpDraw& first = room[contrast_first ? 0 : 1];
    const OpDraw& second = room[contrast_first ? 1 : 0];
    EXPECT_EQ(first.op->name(), "contrast");
    EXPECT_EQ(first.values[0], contrast);
    EXPECT_EQ(second.op->name(), "hue");
    EXPECT_EQ(second.values[0], hue);
  }
}

TEST(AugmentColourTest, ClassRulesLeaveOtherOpsTheirDraws) {
  OpConfig jitter = MakeOpConfig("color_jitter", {{"brightness", Range{0.6, 1.4}}});
  jitter.except_classes = {"a"};
  const auto program = MakeProgram({jitter, CropConfig(8, 8)}, {"a", "b"});
  const Recipe without = MakeRecipe(*program, {.seed = 2, .label = 0}, {40, 30});
  const Recipe with = MakeRecipe(*program, {.seed = 2, .label = 1}, {40, 30});
  EXPECT_FALSE(without.steps[0].fires);
  EXPECT_TRUE(with.steps[0].fires);
  EXPECT_EQ(without.list[without.steps[1].first].rect, with.list[with.steps[1].first].rect);
}

TEST(AugmentColourTest, RefusesWhatAnOpCannotTake) {
  const struct {
    OpConfig op;
    Code code;
  } cases[] = {
      {MakeOpConfig("brightness", {{"factor", Range{-0.1, 1}}}), Code::kConfigValue},
      {MakeOpConfig("contrast", {{"factor", Range{1.5, 1}}}), Code::kConfigValue},
      {MakeOpConfig("saturation", {{"factor", std::string("x")}}), Code::kConfigType},
      {MakeOpConfig("hue", {{"factor", Range{-0.6, 0}}}), Code::kConfigValue},
      {MakeOpConfig("hue", {{"space", std::string("lab")}}), Code::kConfigValue},
      {MakeOpConfig("color_jitter", {{"hue", Range{0, 0.6}}}), Code::kConfigValue},
      {MakeOpConfig("color_jitter", {{"space", int64_t{1}}}), Code::kConfigType},
      {MakeOpConfig("posterize", {{"bits", Range{1.5, 3}}}), Code::kConfigValue},
      {MakeOpConfig("posterize", {{"bits", Range{1, 9}}}), Code::kConfigValue},
      {MakeOpConfig("solarize", {{"threshold", 257.0}}), Code::kConfigValue},
      {MakeOpConfig("solarize_add", {{"add", 0.5}}), Code::kConfigValue},
      {MakeOpConfig("autocontrast", {{"cutoff", Range{0, 5}}}), Code::kConfigType},
      {MakeOpConfig("autocontrast", {{"cutoff", 51.0}}), Code::kConfigValue},
      {MakeOpConfig("sharpness", {{"factor", std::nan("")}}), Code::kConfigValue},
  };
  for (const auto& c : cases) {
    ConfigError error;
    EXPECT_EQ(MakeOp(c.op, &error), nullptr) << c.op.op;
    EXPECT_EQ(error.code, c.code) << error.text;
    EXPECT_NE(error.text.find(c.op.op), std::string::npos) << error.text;
  }
}

TEST(AugmentColourTest, NothingIsAllocatedPerSample) {
  std::vector<OpConfig> ops = {CropConfig(32, 32)};
  for (const OpCase& c : Cases()) ops.push_back(MakeOpConfig(c.name, c.params, 0.7));
  ops.push_back(MakeOpConfig("color_jitter", {{"brightness", Range{0.6, 1.4}},
                                              {"contrast", Range{0.5, 1.5}},
                                              {"saturation", Range{0.4, 1.6}},
                                              {"hue", Range{-0.1, 0.1}}}));
  const auto program = MakeProgram(ops);
  const Bitmap picture = MakePicture({60, 50}, 1);
  Recipe recipe;
  program->Prepare(&recipe);
  GuardedScratch scratch(1 << 20);
  ConstImageView out;
  simd::FlipColumns flip;
  bool good = true;
  const uint64_t before = testing::AllocationCount();
  for (uint64_t id = 0; id < 100; ++id) {
    good = good && program->MakeRecipe({.seed = 1, .id = id}, picture.size, &recipe).ok();
    good = good && program->ScratchBytes(recipe) <= scratch.span().size();
    good = good && program
                       ->Apply(recipe, picture.view().Crop(recipe.region), scratch.span(), &out,
                               &flip, nullptr)
                       .ok();
  }
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_TRUE(good);
}

}  // namespace
}  // namespace headrace::loader
