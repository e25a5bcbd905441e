// R-Mix: masks, shares and pixels against the published arithmetic, and what holds of any of them.
#include "loader/mix/rmix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <numeric>
#include <sstream>

#include "base/rng.h"
#include "loader/mix/mix_apply.h"
#include "loader/mix/partners.h"
#include "loader/saliency/saliency.h"
#include "tests/unit/loader/mix_batches.h"

namespace headrace::loader {
namespace {

using simd::Dtype;
using simd::Layout;

// A batch with everything drawn given by hand.
struct Given {
  BatchShape shape;
  BatchMix mix;
  std::vector<float> lambda;
  std::vector<int32_t> partner;
  std::vector<float> quantiles = RmixQuantiles({});

  Given(const BatchShape& s, uint32_t patches, std::vector<int32_t> pairing, float share)
      : shape(s), lambda(s.batch_size, -1.0f), partner(s.batch_size, -1) {
    mix.Prepare(shape, {.saliency = patches, .masks = patches});
    mix.patches = patches;
    mix.pairing = std::move(pairing);
    std::fill(mix.share.begin(), mix.share.end(), share);
  }
  Status Plan(const std::vector<float>& maps, uint32_t height, uint32_t width,
              const uint8_t* quantile = nullptr) {
    uint32_t uniform = 0;
    return PlanRmix(shape, {maps.data(), height, width, size_t{height} * width}, quantiles,
                    quantile, &mix, lambda, partner, &uniform);
  }
  void Apply(void* images, uint32_t bands = 1) const {
    alignas(64) std::byte scratch[kMixScratchBytes];
    for (uint32_t band = bands; band-- > 0;) {
      ApplyMixBand(shape, mix, images, shape.batch_size, band, bands, scratch);
    }
  }
  uint64_t MaskOf(uint32_t sample) const { return mix.masks[sample * mix.mask_words]; }
};

// As Numbers of tests/golden/make_rmix_golden.py.
std::vector<float> Numbers(uint32_t seed, size_t count) {
  std::vector<float> out(count);
  for (float& value : out) {
    seed = seed * 1664525 + 1013904223;
    value = static_cast<float>(seed >> 8) / 16777216.0f;
  }
  return out;
}

TEST(RmixTest, TheVectorOfTheSpecification) {
  Given given(Shape(2, 2, 2, Dtype::kF32, Layout::kNchw, 1), 2, {1, 0}, 0.3f);
  given.mix.quantile = {4, 7};
  ASSERT_TRUE(given.Plan({.1f, .2f, .3f, .4f, .4f, .3f, .2f, .1f}, 2, 2).ok());
  EXPECT_EQ(given.MaskOf(0), 0b1100u);  // raster order from bit 0: 0011
  EXPECT_EQ(given.MaskOf(1), 0b0001u);
  EXPECT_FLOAT_EQ(given.lambda[0], 0.575f);
  EXPECT_FLOAT_EQ(given.lambda[1], 0.325f);
  EXPECT_EQ(given.partner, (std::vector<int32_t>{1, 0}));
  std::vector<float> images = {10, 10, 10, 10, 20, 20, 20, 20};
  given.Apply(images.data());
  EXPECT_EQ(images, (std::vector<float>{20, 17, 10, 10, 20, 13, 10, 10}));
}

TEST(RmixTest, QuantilesAreTorchs) {
  std::vector<float> values = {.1f, .2f, .3f, .4f};
  EXPECT_FLOAT_EQ(QuantileOf(values.data(), 4, 0.44f), 0.232f);
  EXPECT_FLOAT_EQ(QuantileOf(values.data(), 4, 0.77f), 0.331f);
  EXPECT_EQ(QuantileOf(values.data(), 4, 0.0f), .1f);
  EXPECT_EQ(QuantileOf(values.data(), 4, 1.0f), .4f);
  values = {5};
  EXPECT_EQ(QuantileOf(values.data(), 1, 0.6f), 5.0f);
}

// The number of salient patches for distinct values, as the specification tabulates it.
TEST(RmixTest, MasksHaveAsManyOnesAsTheQuantileSays) {
  const std::vector<std::pair<uint32_t, std::vector<int>>> table = {
      {2, {4, 3, 3, 3, 2, 2, 2, 1, 1, 1}},
      {4, {16, 14, 12, 11, 9, 7, 6, 4, 2, 1}},
      {8, {64, 57, 50, 43, 36, 29, 22, 15, 8, 1}}};
  for (const auto& [patches, ones] : table) {
    for (uint8_t q = 0; q < 10; ++q) {
      Given given(Shape(2, 16, 16), patches, {1, 0}, 0.5f);
      given.mix.quantile = {q, q};
      ASSERT_TRUE(given.Plan(Numbers(q + 1, 2 * patches * patches), patches, patches).ok());
      EXPECT_EQ(std::popcount(given.MaskOf(0)), ones[q]) << patches << " " << int{q};
    }
  }
}

TEST(RmixTest, AgreesWithTorch) {
  std::ifstream file(HEADRACE_SOURCE_DIR "/tests/golden/rmix_golden.tsv");
  std::string line;
  for (int number = 0; number < 6; ++number) {
    struct Row {
      uint32_t side, patches;
      float share;
      int32_t sample, partner, quantile;
      std::string mask;
      float lambda;
      float pixels[8];
    };
    std::vector<Row> rows;
    for (int i = 0; i < 5 && std::getline(file, line); ++i) {
      std::istringstream fields(line);
      Row& row = rows.emplace_back();
      fields >> row.side >> row.patches >> row.share >> row.sample >> row.partner >> row.quantile >>
          row.mask >> row.lambda;
      for (float& pixel : row.pixels) fields >> pixel;
      ASSERT_TRUE(fields);
    }
    ASSERT_EQ(rows.size(), 5u);
    const uint32_t side = rows[0].side;
    Given given(Shape(5, side, side), rows[0].patches, {3, 2, 1, 0, 4}, rows[0].share);
    for (int i = 0; i < 5; ++i) given.mix.quantile[i] = static_cast<uint8_t>(rows[i].quantile);
    const auto seed = static_cast<uint32_t>(number);
    ASSERT_TRUE(given.Plan(Numbers(200 + seed, size_t{5} * side * side), side, side).ok());
    std::vector<float> images = Numbers(100 + seed, size_t{5} * 3 * side * side);
    given.Apply(images.data(), 3);
    const size_t n = given.shape.sample_elements();
    for (int i = 0; i < 5; ++i) {
      SCOPED_TRACE(std::to_string(number) + ", sample " + std::to_string(i));
      EXPECT_EQ(given.partner[i], rows[i].partner);
      EXPECT_NEAR(given.lambda[i], rows[i].lambda, 1e-6);
      EXPECT_TRUE(i == 4 || given.MaskOf(i) == std::stoull(rows[i].mask, nullptr, 16));
      for (size_t k = 0; k < 8; ++k) {
        EXPECT_NEAR(images[i * n + k * 7919 % n], rows[i].pixels[k], 1e-6);
      }
    }
  }
}

// What each sample shows, from copies and without any cleverness.
std::vector<double> MixedSlowly(const Given& given, const std::vector<float>& images, uint32_t i) {
  const BatchShape& shape = given.shape;
  const auto j = static_cast<uint32_t>(given.partner[i]);
  const size_t n = shape.sample_elements();
  std::vector<double> out(n);
  for (uint32_t y = 0; y < shape.height; ++y) {
    for (uint32_t x = 0; x < shape.width; ++x) {
      // The last patch that begins at or before the pixel.
      const auto patch_of = [&](uint32_t at, uint32_t length) {
        uint32_t patch = given.mix.patches - 1;
        while (patch * length / given.mix.patches > at) --patch;
        return patch;
      };
      const uint32_t patch =
          patch_of(y, shape.height) * given.mix.patches + patch_of(x, shape.width);
      const bool own = given.mix.IsSalient(i, patch);
      const bool other = given.mix.IsSalient(j, patch);
      const double weight = own == other ? static_cast<double>(given.mix.share[i]) : own ? 1 : 0;
      for (uint32_t c = 0; c < shape.channels; ++c) {
        const size_t at = shape.layout == Layout::kNchw
                              ? (size_t{c} * shape.height + y) * shape.width + x
                              : (size_t{y} * shape.width + x) * shape.channels + c;
        out[at] = i == j ? static_cast<double>(images[i * n + at])
                         : weight * static_cast<double>(images[i * n + at]) +
                               (1 - weight) * static_cast<double>(images[j * n + at]);
      }
    }
  }
  return out;
}

std::vector<std::byte> AsType(Dtype dtype, const std::vector<float>& values) {
  std::vector<std::byte> out(values.size() * simd::DtypeBytes(dtype));
  auto* halves = reinterpret_cast<uint16_t*>(out.data());
  if (dtype == Dtype::kF32) std::memcpy(out.data(), values.data(), out.size());
  if (dtype == Dtype::kF16) simd::F32ToF16(values.data(), halves, values.size());
  if (dtype == Dtype::kBF16) simd::F32ToBF16(values.data(), halves, values.size());
  if (dtype == Dtype::kU8) {
    std::transform(values.begin(), values.end(), out.begin(),
                   [](float v) { return static_cast<std::byte>(static_cast<uint8_t>(v)); });
  }
  return out;
}

std::vector<float> AsFloats(Dtype dtype, const std::vector<std::byte>& bytes) {
  std::vector<float> out(bytes.size() / simd::DtypeBytes(dtype));
  const auto* halves = reinterpret_cast<const uint16_t*>(bytes.data());
  if (dtype == Dtype::kF32) std::memcpy(out.data(), bytes.data(), bytes.size());
  if (dtype == Dtype::kF16) simd::F16ToF32(halves, out.data(), out.size());
  if (dtype == Dtype::kBF16) simd::BF16ToF32(halves, out.data(), out.size());
  if (dtype == Dtype::kU8) {
    std::transform(bytes.begin(), bytes.end(), out.begin(),
                   [](std::byte b) { return static_cast<float>(std::to_integer<int>(b)); });
  }
  return out;
}

class RmixApplyTest : public ::testing::TestWithParam<std::tuple<Dtype, Layout>> {};

// Sides that the patches do not divide, all pairings, odd numbers, any number of bands.
TEST_P(RmixApplyTest, EqualsMixingFromCopies) {
  const auto [dtype, layout] = GetParam();
  for (uint32_t seed = 0; seed < 24; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random({.seed = seed, .name = "test"});
    const uint32_t batch = 2 + random.NextBelow(6);
    const BatchShape shape =
        seed == 0 ? Shape(batch, 33, 47, dtype, layout)
                  : Shape(batch, 5 + random.NextBelow(40), 5 + random.NextBelow(60), dtype, layout);
    const uint32_t patches = seed == 0 ? 4 : 1 + random.NextBelow(5);
    std::vector<int32_t> pairing(batch);
    std::vector<uint32_t> order(batch);
    const std::vector<uint8_t> valid(batch, 1);
    PairForRmix(static_cast<RmixPairing>(seed % 3), valid, &random, order, pairing);
    Given given(shape, patches, pairing, 0);
    for (uint32_t i = 0; i < batch; ++i) {
      given.mix.quantile[i] = static_cast<uint8_t>(random.NextBelow(10));
      given.mix.share[i] = static_cast<float>(random.NextBelow(257)) / 256;
    }
    const uint32_t grid = patches + random.NextBelow(9);
    ASSERT_TRUE(given.Plan(Numbers(seed, size_t{batch} * grid * grid), grid, grid).ok());
    std::vector<float> values(batch * shape.sample_elements());
    for (float& value : values) value = static_cast<float>(random.NextBelow(256));
    const std::vector<std::byte> before = AsType(dtype, values);
    const std::vector<float> clean = AsFloats(dtype, before);
    std::vector<std::byte> first;
    for (const uint32_t bands : {1u, 3u, 64u}) {
      std::vector<std::byte> mixed = before;
      given.Apply(mixed.data(), bands);
      if (first.empty()) first = mixed;
      ASSERT_TRUE(mixed == first) << bands << " bands";
    }
    const std::vector<float> after = AsFloats(dtype, first);
    const double error = dtype == Dtype::kF32   ? 1e-4
                         : dtype == Dtype::kF16 ? 0.0626
                         : dtype == Dtype::kU8  ? 0.5
                                                : 0.501;
    const size_t n = shape.sample_elements();
    for (uint32_t i = 0; i < batch; ++i) {
      const std::vector<double> expected = MixedSlowly(given, clean, i);
      for (size_t e = 0; e < n; ++e) {
        ASSERT_NEAR(after[i * n + e], expected[e], error);
        // Bytes: halves go up.
        ASSERT_TRUE(dtype != Dtype::kU8 || after[i * n + e] == std::floor(expected[e] + 0.5));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllTypes, RmixApplyTest,
                         ::testing::Combine(::testing::Values(Dtype::kU8, Dtype::kF16, Dtype::kBF16,
                                                              Dtype::kF32),
                                            ::testing::Values(Layout::kNchw, Layout::kNhwc)));

// A batch whose sample i is filled with i says how many pixels came from whom.
TEST(RmixTest, LambdaIsTheShareOfPixels) {
  for (const auto& [height, width] : {std::pair{33u, 47u}, {32u, 32u}, {7u, 5u}}) {
    for (uint32_t seed = 0; seed < 60; ++seed) {
      Given given(Shape(4, height, width, Dtype::kF32, Layout::kNchw, 1), 1 + seed % 5,
                  {2, 3, 0, 1}, static_cast<float>(seed % 11) / 10);
      for (uint32_t i = 0; i < 4; ++i)
        given.mix.quantile[i] = static_cast<uint8_t>((seed + 3 * i) % 10);
      ASSERT_TRUE(given.Plan(Numbers(seed, 4 * 81), 9, 9).ok());
      const size_t n = given.shape.sample_elements();
      std::vector<float> images(4 * n);
      for (size_t e = 0; e < images.size(); ++e) images[e] = static_cast<float>(e / n);
      given.Apply(images.data(), 2);
      for (size_t i = 0; i < 4; ++i) {
        const double sum =
            std::accumulate(images.begin() + static_cast<ptrdiff_t>(i * n),
                            images.begin() + static_cast<ptrdiff_t>((i + 1) * n), 0.0);
        const auto j = static_cast<double>(given.partner[i]);
        const double share = (sum / static_cast<double>(n) - j) / (static_cast<double>(i) - j);
        ASSERT_NEAR(given.lambda[i], share, 2e-6);
        ASSERT_TRUE(given.lambda[i] >= 0 && given.lambda[i] <= 1);
      }
    }
  }
}

TEST(RmixTest, MapsWithoutAnythingToSayMixAsMixup) {
  Given given(Shape(6, 8, 8), 4, {1, 0, 3, 2, 5, 4}, 0.375f);
  given.mix.quantile = {0, 3, 9, 5, 7, 1};
  std::vector<float> maps(6 * 64, 0.0f);
  std::fill(maps.begin() + 64, maps.begin() + 128, 3.0f);
  maps[2 * 64 + 5] = NAN;
  maps[3 * 64 + 5] = INFINITY;
  std::fill(maps.begin() + 4 * 64, maps.begin() + 5 * 64, -1.0f);
  uint32_t uniform = 0;
  ASSERT_TRUE(PlanRmix(given.shape, {maps.data(), 8, 8, 64}, given.quantiles, nullptr, &given.mix,
                       given.lambda, given.partner, &uniform)
                  .ok());
  EXPECT_EQ(uniform, 5u);
  EXPECT_EQ(given.lambda, std::vector<float>(6, 0.375f));
}

TEST(RmixTest, AShareOfOneWithEqualMasksChangesNothing) {
  Given given(Shape(2, 9, 9), 3, {1, 0}, 1.0f);
  given.mix.quantile = {0, 0};
  ASSERT_TRUE(given.Plan(Numbers(1, 2 * 81), 9, 9).ok());
  const std::vector<float> before = Numbers(5, 2 * 243);
  std::vector<float> images = before;
  given.Apply(images.data());
  EXPECT_EQ(images, before);
  EXPECT_EQ(given.lambda, (std::vector<float>{1, 1}));
}

TEST(RmixTest, RefusesGridsAndQuantilesThatDoNotFit) {
  Given given(Shape(3, 9, 9), 3, {1, 0, 2}, 0.5f);
  const std::vector<float> maps = Numbers(1, 3 * 81);
  EXPECT_EQ(given.Plan(maps, 2, 9).code(), Code::kInvalidArgument);
  EXPECT_EQ(given.Plan(maps, 9, 2).code(), Code::kInvalidArgument);
  const uint8_t bad[] = {0, 10, 0};
  EXPECT_EQ(given.Plan(maps, 9, 9, bad).code(), Code::kInvalidArgument);
  EXPECT_EQ(given.mix.kind, MixKind::kNone);
  const uint8_t good[] = {0, 9, 255};  // the last one takes no part
  EXPECT_TRUE(given.Plan(maps, 9, 9, good).ok());
  EXPECT_EQ(std::popcount(given.MaskOf(0)), 9);
  EXPECT_EQ(std::popcount(given.MaskOf(1)), 1);
}

// Draws.

Drawn DrawRmixBatch(const MixConfig& entry, uint32_t batch_size, uint64_t batch,
                    std::vector<uint8_t> valid = {}) {
  const BatchShape shape = Shape(batch_size, 20, 24);
  const auto mixer = MakeMixer({entry}, shape);
  if (valid.empty()) valid.assign(batch_size, 1);
  Drawn drawn;
  mixer->Prepare(&drawn.mix);
  drawn.lambda.assign(batch_size, -1.0f);
  drawn.partner.assign(batch_size, -1);
  uint32_t patches = 0;
  if (mixer->WantsSaliency(1, 0, batch, &patches) != nullptr) {
    for (uint32_t i = 0; i < batch_size; ++i) {
      mixer->KeepSaliency(&drawn.mix, i, patches,
                          Numbers(static_cast<uint32_t>(batch * 977 + i), kSaliencyCells).data());
    }
  }
  mixer->Draw(1, 0, batch, IdsOf(batch_size, batch), valid, &drawn.mix, drawn.lambda,
              drawn.partner);
  return drawn;
}

TEST(RmixDrawTest, DrawsInTheDocumentedOrder) {
  MixConfig entry = Entry("rmix", 0.7);
  entry.p = 0.6;
  entry.rmix.patches = {2, 3, 5};
  int mixed = 0;
  for (uint64_t b = 0; b < 200; ++b) {
    const Drawn drawn = DrawRmixBatch(entry, 5, b);
    RandomStream stream({.seed = 1, .unit = b, .name = "mix/rmix"});
    const bool fires = stream.NextUnit() < 0.6;
    const uint32_t patches = entry.rmix.patches[stream.NextBelow(3)];
    const auto share = static_cast<float>(stream.NextBeta(0.7, 0.7));
    std::vector<int32_t> order = {0, 1, 2, 3, 4};
    for (uint32_t i = 4; i > 0; --i) std::swap(order[i], order[stream.NextBelow(i + 1)]);
    ASSERT_EQ(drawn.mix.entry, fires ? 0 : -1);
    ASSERT_EQ(drawn.mix.chosen, 0);
    if (!fires) continue;
    ++mixed;
    ASSERT_EQ(drawn.mix.patches, patches);
    ASSERT_EQ(drawn.mix.share[0], share);
    std::vector<int32_t> partner = {0, 1, 2, 3, 4};
    for (int k : {0, 2}) {
      partner[order[k]] = order[k + 1];
      partner[order[k + 1]] = order[k];
    }
    ASSERT_EQ(drawn.partner, partner);
    ASSERT_EQ(drawn.lambda[order[4]], 1.0f);
    for (uint64_t i = 0; i < 5; ++i) {
      RandomStream own({.seed = 1, .unit = b * 5 + i, .name = "mix/rmix/quantile"});
      ASSERT_EQ(drawn.mix.quantile[i], own.NextBelow(10));
    }
  }
  EXPECT_NEAR(mixed, 120, 34);
}

TEST(RmixDrawTest, EachPairingPairsThoseThatTakePart) {
  const std::vector<uint8_t> valid = {1, 0, 1, 1, 2, 1, 0, 1};
  MixConfig entry = Entry("rmix");
  for (uint64_t b = 0; b < 50; ++b) {
    entry.rmix.pairing = RmixPairing::kReverse;
    EXPECT_EQ(DrawRmixBatch(entry, 8, b, valid).partner,
              (std::vector<int32_t>{7, 1, 5, 4, 3, 2, 6, 0}));
    entry.rmix.pairing = RmixPairing::kMatching;
    const Drawn matching = DrawRmixBatch(entry, 8, b, valid);
    int alone = 0;
    for (int32_t i = 0; i < 8; ++i) {
      const auto partner = static_cast<size_t>(matching.partner[i]);
      ASSERT_EQ(matching.partner[partner], i);
      alone += matching.partner[i] == i ? 1 : 0;
    }
    EXPECT_EQ(alone, 2);  // six take part
    entry.rmix.pairing = RmixPairing::kPermute;
    std::vector<int32_t> permuted = DrawRmixBatch(entry, 8, b, valid).partner;
    EXPECT_TRUE(permuted[1] == 1 && permuted[6] == 6);
    std::sort(permuted.begin(), permuted.end());
    EXPECT_EQ(permuted, (std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  }
}

TEST(RmixDrawTest, FewerThanTwoStayAsTheyAre) {
  for (const std::vector<uint8_t>& valid : {std::vector<uint8_t>{1}, {0, 1, 0}, {0, 0}}) {
    const Drawn drawn = DrawRmixBatch(Entry("rmix"), static_cast<uint32_t>(valid.size()), 3, valid);
    EXPECT_EQ(drawn.mix.entry, -1);
    EXPECT_EQ(drawn.mix.kind, MixKind::kNone);
    for (size_t i = 0; i < valid.size(); ++i) {
      EXPECT_EQ(drawn.lambda[i], 1.0f);
      EXPECT_EQ(drawn.partner[i], static_cast<int32_t>(i));
    }
  }
}

TEST(RmixDrawTest, APairMayHaveAShareOfItsOwn) {
  MixConfig entry = Entry("rmix", 1.0);
  const Drawn together = DrawRmixBatch(entry, 8, 1);
  for (size_t i = 1; i < 8; ++i) EXPECT_EQ(together.mix.share[i], together.mix.share[0]);
  entry.rmix.lam_per_pair = true;
  const Drawn apart = DrawRmixBatch(entry, 8, 1);
  EXPECT_EQ(apart.partner, together.partner);
  std::vector<float> shares;
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(apart.mix.share[i], apart.mix.share[static_cast<size_t>(apart.partner[i])]);
    shares.push_back(apart.mix.share[i]);
  }
  std::sort(shares.begin(), shares.end());
  EXPECT_EQ(std::unique(shares.begin(), shares.end()) - shares.begin(), 4);
}

TEST(RmixDrawTest, BytesHaveSharesOfWhole256ths) {
  const auto mixer = MakeMixer({Entry("rmix", 1.0)}, Shape(2, 8, 8, Dtype::kU8));
  for (uint64_t b = 0; b < 100; ++b) {
    const float share = DrawBatch(*mixer, 2, b).mix.share[0] * 256;
    EXPECT_EQ(share, std::floor(share));
  }
}

// The statistics that the specification gives, over 20000 samples.
TEST(RmixDrawTest, SharesAreDistributedAsTabulated) {
  struct Row {
    uint32_t patches;
    double alpha, deviation;
  };
  for (const Row& row : {Row{2, 0.2, 0.28}, {4, 0.2, 0.31}, {2, 1.0, 0.24}, {4, 1.0, 0.27}}) {
    MixConfig entry = Entry("rmix", row.alpha);
    entry.rmix.patches = {row.patches};
    double sum = 0;
    double squares = 0;
    double equal = 0;
    constexpr int kBatches = 2500;
    for (uint64_t b = 0; b < kBatches; ++b) {
      const Drawn drawn = DrawRmixBatch(entry, 8, b);
      for (uint32_t i = 0; i < 8; ++i) {
        sum += static_cast<double>(drawn.lambda[i]);
        squares += std::pow(static_cast<double>(drawn.lambda[i]) - 0.5, 2);
        const auto j = static_cast<uint32_t>(drawn.partner[i]);
        for (uint32_t k = 0; k < row.patches * row.patches; ++k) {
          equal += drawn.mix.IsSalient(i, k) == drawn.mix.IsSalient(j, k) ? 1 : 0;
        }
      }
    }
    EXPECT_NEAR(sum / (8 * kBatches), 0.5, 0.01);
    EXPECT_NEAR(equal / (8.0 * kBatches * row.patches * row.patches), 0.5, 0.02);
    EXPECT_NEAR(std::sqrt(squares / (8 * kBatches)), row.deviation, 0.015);
  }
}

// With the user's functions the maps come after Draw, and what comes of them is the same.
TEST(RmixDrawTest, MapsMayComeLate) {
  MixConfig entry = Entry("rmix", 1.0);
  const BatchShape shape = Shape(6, 20, 24);
  const auto own = MakeMixer({entry}, shape);
  for (const auto saliency : {RmixSaliency::kModel, RmixSaliency::kCallback}) {
    entry.rmix.saliency = saliency;
    const auto late = MakeMixer({entry}, shape);
    EXPECT_FALSE(late->EverWantsSaliency());
    for (uint64_t batch = 0; batch < 20; ++batch) {
      std::vector<float> maps;
      Drawn first;
      own->Prepare(&first.mix);
      first.lambda.resize(6);
      first.partner.resize(6);
      uint32_t patches = 0;
      ASSERT_NE(own->WantsSaliency(1, 0, batch, &patches), nullptr);
      for (uint32_t i = 0; i < 6; ++i) {
        const std::vector<float> map =
            Numbers(static_cast<uint32_t>(batch * 6 + i), kSaliencyCells);
        own->KeepSaliency(&first.mix, i, patches, map.data());
        maps.insert(maps.end(), map.begin(), map.end());
        maps.resize(maps.size() + 3);  // rows may lie apart
      }
      own->Draw(1, 0, batch, IdsOf(6, batch), std::vector<uint8_t>(6, 1), &first.mix, first.lambda,
                first.partner);
      EXPECT_FALSE(own->WaitsForConsumer(first.mix));

      Drawn second = DrawBatch(*late, 6, batch);
      ASSERT_TRUE(late->WaitsForConsumer(second.mix));
      EXPECT_EQ(second.mix.kind, MixKind::kNone);
      EXPECT_EQ(second.lambda, std::vector<float>(6, 1.0f));
      EXPECT_EQ(late->PlanRmix(&second.mix, maps.data(), 1, 64, kSaliencyCells + 3, nullptr,
                               second.lambda, second.partner)
                    .code(),
                Code::kInvalidArgument);
      EXPECT_EQ(second.mix.kind, MixKind::kNone);
      ASSERT_TRUE(late->PlanRmix(&second.mix, maps.data(), 64, 64, kSaliencyCells + 3, nullptr,
                                 second.lambda, second.partner)
                      .ok());
      EXPECT_EQ(second.lambda, first.lambda);
      EXPECT_EQ(second.partner, first.partner);
      EXPECT_EQ(second.mix.masks, first.mix.masks);
      EXPECT_EQ(second.mix.chain, first.mix.chain);
    }
  }
}

}  // namespace
}  // namespace headrace::loader
