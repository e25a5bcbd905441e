// Mixup and CutMix by pairs and by single samples.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/rng.h"
#include "loader/mix/cutmix.h"
#include "tests/support/distribution.h"
#include "tests/unit/loader/mix_batches.h"

namespace headrace::loader {
namespace {

using testing::BetaCdf;
using testing::KsDistance;
using testing::KsLimit;

MixConfig ModeEntry(const char* op, MixMode mode, double alpha = 1.0) {
  MixConfig entry = Entry(op, alpha);
  entry.mode = mode;
  return entry;
}

// Sample i is filled with i: what is mixed says from whom it came.
std::vector<float> ProbeBatch(const BatchShape& shape) {
  std::vector<float> images(shape.batch_size * shape.sample_elements());
  for (size_t e = 0; e < images.size(); ++e) {
    images[e] = static_cast<float>(e / shape.sample_elements());
  }
  return images;
}

std::vector<float> Mixed(const Mixer& mixer, const Drawn& drawn, std::vector<float> images,
                         uint32_t bands) {
  Scratch scratch(mixer);
  for (uint32_t band = bands; band-- > 0;) {
    mixer.ApplyBand(drawn.mix, images.data(), static_cast<uint32_t>(drawn.partner.size()), band,
                    bands, scratch.span());
  }
  return images;
}

// Each pixel of sample i is its own, its partner's, or the sum of both, as share and box say.
void ExpectPixels(const BatchShape& shape, const Drawn& drawn, const std::vector<float>& mixed) {
  const size_t n = shape.sample_elements();
  for (size_t i = 0; i < drawn.partner.size(); ++i) {
    const auto own = static_cast<float>(i);
    const auto other = static_cast<float>(drawn.partner[i]);
    const RectPx& box = drawn.mix.box[i];
    for (size_t e = 0; e < n; ++e) {
      const size_t y = e / shape.width % shape.height;
      const size_t x = e % shape.width;
      float expected = own;
      if (drawn.mix.kind == MixKind::kMixup && own != other) {
        expected = drawn.lambda[i] * own + (1.0f - drawn.lambda[i]) * other;
      } else if (y >= box.y && y < box.y + box.height && x >= box.x && x < box.x + box.width) {
        expected = other;
      }
      ASSERT_EQ(mixed[i * n + e], expected) << i << " at " << y << ", " << x;
    }
  }
}

TEST(MixModesTest, PairsShareOneDrawAndOneBox) {
  for (const char* op : {"mixup", "cutmix"}) {
    for (const uint32_t count : {6u, 7u}) {
      MixConfig entry = ModeEntry(op, MixMode::kPair);
      entry.partner = MixPartner::kRoll;  // pairs are i and B - 1 - i whatever this says
      const BatchShape shape = Shape(count, 11, 13);
      const auto mixer = MakeMixer({entry}, shape);
      int different = 0;
      for (uint64_t batch = 0; batch < 40; ++batch) {
        const Drawn drawn = DrawBatch(*mixer, count, batch);
        RandomStream stream({.seed = 1, .unit = batch, .name = std::string("mix/") + op});
        for (uint32_t i = 0; i < count / 2; ++i) {
          const uint32_t j = count - 1 - i;
          stream.NextUnit();
          double lam = stream.NextBeta(1.0, 1.0);
          const RectPx box = DrawCutMixBox(&stream, {13, 11}, lam);
          if (drawn.mix.kind == MixKind::kCutMix) lam = 1.0 - box.width * box.height / (13.0 * 11);
          ASSERT_EQ(drawn.lambda[i], drawn.lambda[j]);
          ASSERT_EQ(drawn.lambda[i], static_cast<float>(lam));
          ASSERT_EQ(drawn.mix.box[i], drawn.mix.box[j]);
          if (drawn.lambda[i] == 1.0f) continue;
          ASSERT_EQ(drawn.partner[i], static_cast<int32_t>(j));
          ASSERT_EQ(drawn.partner[j], static_cast<int32_t>(i));
        }
        if (count == 7) {
          ASSERT_EQ(drawn.partner[3], 3);
          ASSERT_EQ(drawn.lambda[3], 1.0f);
        }
        different += drawn.lambda[0] != drawn.lambda[1] ? 1 : 0;
        ExpectPixels(shape, drawn, Mixed(*mixer, drawn, ProbeBatch(shape), 3));
      }
      EXPECT_GT(different, 30);
    }
  }
}

TEST(MixModesTest, SamplesDrawForThemselvesByTheirIds) {
  for (const char* op : {"mixup", "cutmix"}) {
    for (const auto rule : {MixPartner::kRoll, MixPartner::kFlip, MixPartner::kPerm}) {
      MixConfig entry = ModeEntry(op, MixMode::kElement, 0.7);
      entry.p = 0.6;
      entry.partner = rule;
      const BatchShape shape = Shape(7, 12, 10);
      const auto mixer = MakeMixer({Entry(op, 1, 0), entry}, shape);
      for (uint64_t batch = 0; batch < 40; ++batch) {
        const Drawn drawn = DrawBatch(*mixer, 7, batch);
        for (uint32_t i = 0; i < 7; ++i) {
          RandomStream own({.seed = 1,
                            .unit = batch * 7 + i,
                            .name = std::string("mix/") + op + "/element",
                            .occurrence = 1});
          const bool fires = own.NextUnit() < 0.6;
          double lam = own.NextBeta(0.7, 0.7);
          const RectPx box = DrawCutMixBox(&own, {10, 12}, lam);
          if (entry.op == "cutmix") lam = 1.0 - box.width * box.height / 120.0;
          const bool mixed = drawn.partner[i] != static_cast<int32_t>(i);
          ASSERT_TRUE(fires || !mixed);
          ASSERT_EQ(drawn.lambda[i], mixed ? static_cast<float>(lam) : 1.0f);
          ASSERT_TRUE(!mixed || entry.op == "mixup" || drawn.mix.box[i] == box);
        }
        ExpectPixels(shape, drawn, Mixed(*mixer, drawn, ProbeBatch(shape), 4));
      }
    }
  }
}

// The trap of mixing in place: a partner that was mixed itself must be read as it was before.
TEST(MixModesTest, APartnerIsReadAsItWas) {
  const BatchShape shape = Shape(5, 6, 6);
  MixConfig entry = ModeEntry("mixup", MixMode::kElement);
  entry.p = 0.5;
  const auto mixer = MakeMixer({entry}, shape);
  int unmixed_partners = 0;
  for (uint64_t batch = 0; batch < 60; ++batch) {
    const Drawn drawn = DrawBatch(*mixer, 5, batch);
    for (size_t i = 0; i < 5; ++i) {
      if (drawn.partner[i] == static_cast<int32_t>(i)) continue;
      ASSERT_EQ(drawn.partner[i], static_cast<int32_t>((i + 4) % 5));
      const auto j = static_cast<size_t>(drawn.partner[i]);
      unmixed_partners += drawn.partner[j] == static_cast<int32_t>(j) ? 1 : 0;
    }
    ExpectPixels(shape, drawn, Mixed(*mixer, drawn, ProbeBatch(shape), 1));
  }
  EXPECT_GT(unmixed_partners, 30) << "a sample that p left alone lends its pixels all the same";
}

TEST(MixModesTest, SamplesThatAreNotValidTakeNoPart) {
  const std::vector<uint8_t> valid = {1, 0, 1, 1, 0, 2};
  for (const auto mode : {MixMode::kPair, MixMode::kElement}) {
    for (const char* op : {"mixup", "cutmix"}) {
      const BatchShape shape = Shape(6, 9, 9);
      const auto mixer = MakeMixer({ModeEntry(op, mode)}, shape);
      for (uint64_t batch = 0; batch < 20; ++batch) {
        const Drawn drawn = DrawBatch(*mixer, 6, batch, valid);
        for (const size_t i : {1, 4}) {
          ASSERT_EQ(drawn.partner[i], static_cast<int32_t>(i));
          ASSERT_EQ(drawn.lambda[i], 1.0f);
        }
        for (size_t i = 0; i < 6; ++i) ASSERT_TRUE(drawn.partner[i] != 1 || i == 1);
        ExpectPixels(shape, drawn, Mixed(*mixer, drawn, ProbeBatch(shape), 2));
      }
      for (const std::vector<uint8_t>& few : {std::vector<uint8_t>{0, 0, 0}, {0, 1, 0}, {1}, {}}) {
        const Drawn drawn = DrawBatch(*mixer, few.size(), 1, few);
        EXPECT_EQ(drawn.mix.entry, -1);
        EXPECT_EQ(drawn.mix.kind, MixKind::kNone);
      }
    }
  }
}

// What a sample draws depends on its id and not on where in which batch it stands; the batch's own
// draws are those of mode "batch".
TEST(MixModesTest, SharesOfSingleSamplesFollowTheBetaDistribution) {
  for (const double alpha : {0.2, 1.0, 8.0}) {
    const auto mixer = MakeMixer({ModeEntry("mixup", MixMode::kElement, alpha)}, Shape(50, 4, 4));
    std::vector<double> shares;
    for (uint64_t batch = 0; batch < 400; ++batch) {
      for (const float lambda : DrawBatch(*mixer, 50, batch).lambda) shares.push_back(lambda);
    }
    const auto cdf = [alpha](double x) { return BetaCdf(x, alpha); };
    EXPECT_LT(KsDistance(shares, cdf, 1e-5, 1 - 1e-5), KsLimit(shares.size())) << alpha;
  }
}

TEST(MixModesTest, AllThatDoNotFireLeaveTheBatchUnmixed) {
  for (const auto mode : {MixMode::kPair, MixMode::kElement}) {
    MixConfig entry = ModeEntry("mixup", mode);
    entry.p = 0;
    const Drawn drawn = DrawBatch(*MakeMixer({entry}, Shape(6, 4, 4)), 6, 1);
    EXPECT_EQ(drawn.mix.entry, -1);
    EXPECT_EQ(drawn.mix.chosen, 0);
    EXPECT_EQ(drawn.lambda, std::vector<float>(6, 1.0f));
    EXPECT_TRUE(drawn.mix.chain.empty());
  }
}

// Rows longer than a piece, and pieces of several rows, with boxes that differ.
TEST(MixModesTest, LongRowsAreMixedInPieces) {
  for (const auto layout : {simd::Layout::kNchw, simd::Layout::kNhwc}) {
    const BatchShape shape = Shape(4, 5, 5001, simd::Dtype::kF32, layout, 1);
    MixConfig entry = ModeEntry("cutmix", MixMode::kElement);
    entry.minmax = Range{0.5, 1.0};
    const auto mixer = MakeMixer({entry}, shape);
    const Drawn drawn = DrawBatch(*mixer, 4, 3);
    ExpectPixels(shape, drawn, Mixed(*mixer, drawn, ProbeBatch(shape), 2));
  }
}

}  // namespace
}  // namespace headrace::loader
