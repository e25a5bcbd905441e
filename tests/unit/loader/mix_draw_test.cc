// What a batch's mix draws: entry, share, box, partners, and the cycles made of them.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "base/rng.h"
#include "loader/mix/cutmix.h"
#include "loader/mix/mixer.h"
#include "loader/saliency/saliency.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/distribution.h"
#include "tests/unit/loader/mix_batches.h"

namespace headrace::loader {
namespace {

using testing::BetaCdf;
using testing::KsDistance;
using testing::KsLimit;

TEST(MixerTest, RefusesWhatIsImpossible) {
  const auto error_of = [](MixConfig entry) {
    std::unique_ptr<Mixer> mixer;
    ConfigError error;
    EXPECT_FALSE(Mixer::Make({&entry, 1}, Shape(4, 8, 8), &mixer, &error));
    EXPECT_NE(error.text.find("[[mix]] " + entry.op), std::string::npos) << error.text;
    return error.code;
  };
  EXPECT_EQ(error_of(Entry("mixer")), Code::kConfigValue);
  EXPECT_EQ(error_of(Entry("ace", -1.0)), Code::kConfigValue);
  MixConfig entry = Entry("rmix");
  entry.rmix.patches = {2, 9};  // of 8 pixels
  EXPECT_EQ(error_of(entry), Code::kConfigValue);
  entry.rmix.patches = {};
  EXPECT_EQ(error_of(entry), Code::kConfigValue);
  entry = Entry("rmix");
  entry.rmix.quantiles = {0.5, 1.5};
  EXPECT_EQ(error_of(entry), Code::kConfigValue);
  EXPECT_EQ(error_of(Entry("mixup", 0.0)), Code::kConfigValue);
  entry = Entry("mixup");
  entry.minmax = Range{0.2, 0.8};
  EXPECT_EQ(error_of(entry), Code::kConfigValue);
  entry = Entry("cutmix");
  entry.minmax = Range{0.8, 0.2};
  EXPECT_EQ(error_of(entry), Code::kConfigValue);
  entry = Entry("cutmix");
  entry.weight = 0;
  EXPECT_EQ(error_of(entry), Code::kConfigValue);
  entry = Entry("cutmix");
  entry.label_smoothing = 1.01;
  EXPECT_EQ(error_of(entry), Code::kConfigValue);
}

TEST(MixerTest, WhatNeedsTheUsersFunctionsWaitsForTheConsumerUnmixed) {
  MixConfig by_model = Entry("rmix");
  by_model.rmix.saliency = RmixSaliency::kModel;
  MixConfig by_function = Entry("rmix");
  by_function.rmix.saliency = RmixSaliency::kCallback;
  for (const MixConfig& entry : {Entry("ace", 0.0), by_model, by_function, Entry("mixup")}) {
    const auto mixer = MakeMixer({entry}, Shape(6, 8, 8));
    const Drawn drawn = DrawBatch(*mixer, 6, 0);
    const bool waits = entry.op != "mixup";
    EXPECT_EQ(mixer->WaitsForConsumer(drawn.mix), waits) << entry.op;
    EXPECT_EQ(drawn.mix.entry, 0);
    EXPECT_EQ(drawn.mix.kind == MixKind::kNone, waits);
    EXPECT_EQ(drawn.partner == (std::vector<int32_t>{0, 1, 2, 3, 4, 5}), waits);
  }
}

TEST(MixerTest, AnEmptyListMixesNothing) {
  const auto mixer = MakeMixer({}, Shape(3, 4, 4));
  EXPECT_TRUE(mixer->empty());
  const Drawn drawn = DrawBatch(*mixer, 3, 0);
  EXPECT_EQ(drawn.mix.entry, -1);
  EXPECT_EQ(drawn.partner, (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(drawn.lambda, (std::vector<float>{1, 1, 1}));
}

TEST(MixerTest, MixupSharesFollowTheBetaDistribution) {
  for (const double alpha : {0.2, 1.0, 8.0}) {
    const auto mixer = MakeMixer({Entry("mixup", alpha)}, Shape(2, 4, 4));
    std::vector<double> shares;
    for (uint64_t batch = 0; batch < 20000; ++batch) {
      shares.push_back(DrawBatch(*mixer, 2, batch).lambda[0]);
    }
    // A share is an f32: near one many round together, so the very ends are left out.
    const auto cdf = [alpha](double x) { return BetaCdf(x, alpha); };
    EXPECT_LT(KsDistance(shares, cdf, 1e-5, 1 - 1e-5), KsLimit(20000)) << alpha;
    // The control: another alpha is told apart.
    const auto wrong = [alpha](double x) { return BetaCdf(x, alpha * 1.15); };
    EXPECT_GT(KsDistance(shares, wrong, 1e-5, 1 - 1e-5), KsLimit(20000)) << alpha;
  }
}

TEST(MixerTest, DrawsInTheDocumentedOrder) {
  MixConfig cutmix = Entry("cutmix", 0.7);
  cutmix.p = 0.4;
  cutmix.partner = MixPartner::kPerm;
  const auto mixer = MakeMixer({Entry("cutmix", 0.7, 0.0), cutmix}, Shape(5, 24, 36));
  int mixed = 0;
  for (uint64_t batch = 0; batch < 300; ++batch) {
    const Drawn drawn = DrawBatch(*mixer, 5, batch, {}, 3, 2);
    RandomStream stream(
        {.seed = 3, .epoch = 2, .unit = batch, .name = "mix/cutmix", .occurrence = 1});
    const bool fires = stream.NextUnit() < 0.4;
    const double lam = stream.NextBeta(0.7, 0.7);
    const auto cut_h = static_cast<int64_t>(24 * std::sqrt(1 - lam));
    const auto cut_w = static_cast<int64_t>(36 * std::sqrt(1 - lam));
    const int64_t cy = stream.NextBelow(24);
    const int64_t cx = stream.NextBelow(36);
    std::vector<int32_t> order = {0, 1, 2, 3, 4};
    for (uint32_t i = 4; i > 0; --i) std::swap(order[i], order[stream.NextBelow(i + 1)]);
    if (!fires) {
      ASSERT_EQ(drawn.mix.entry, -1);
      ASSERT_EQ(drawn.partner, (std::vector<int32_t>{0, 1, 2, 3, 4}));
      continue;
    }
    ++mixed;
    const int64_t y0 = std::max<int64_t>(0, cy - cut_h / 2);
    const int64_t y1 = std::min<int64_t>(24, cy + cut_h / 2);
    const int64_t x0 = std::max<int64_t>(0, cx - cut_w / 2);
    const int64_t x1 = std::min<int64_t>(36, cx + cut_w / 2);
    ASSERT_EQ(drawn.mix.entry, 1);
    const auto kept =
        static_cast<float>(1.0 - static_cast<double>((y1 - y0) * (x1 - x0)) / (24 * 36));
    if (kept == 1.0f) continue;
    ASSERT_EQ(drawn.partner, order);
    for (int i = 0; i < 5; ++i) {
      ASSERT_EQ(drawn.lambda[i], order[i] == i ? 1.0f : kept);
      if (order[i] == i) continue;
      ASSERT_EQ(drawn.mix.kind, MixKind::kCutMix);
      const RectPx box = drawn.mix.box[i];
      ASSERT_EQ(box.y, y0);
      ASSERT_EQ(box.y + box.height, y1);
      ASSERT_EQ(box.x, x0);
      ASSERT_EQ(box.x + box.width, x1);
    }
  }
  EXPECT_NEAR(mixed, 120, 42);
}

TEST(MixerTest, AceIsChosenAndMixesNothing) {
  MixConfig ace = Entry("ace", 0.0);
  ace.p = 0;  // that of each sample, and not the batch's
  ace.label_smoothing = 0.2;
  const auto mixer = MakeMixer({ace, Entry("mixup", 1.0)}, Shape(4, 8, 8));
  int chosen = 0;
  for (uint64_t batch = 0; batch < 50; ++batch) {
    const Drawn drawn = DrawBatch(*mixer, 4, batch);
    ASSERT_EQ(mixer->WaitsForConsumer(drawn.mix), drawn.mix.entry == 0);
    if (drawn.mix.entry != 0) continue;
    ++chosen;
    ASSERT_EQ(mixer->EntryOf(drawn.mix).op, "ace");
    ASSERT_EQ(drawn.mix.kind, MixKind::kNone);
    ASSERT_EQ(drawn.mix.label_smoothing, 0.2);
    ASSERT_EQ(drawn.partner, (std::vector<int32_t>{0, 1, 2, 3}));
    ASSERT_EQ(drawn.lambda, (std::vector<float>{1, 1, 1, 1}));
  }
  EXPECT_GT(chosen, 10);
}

TEST(MixerTest, EntriesAreChosenByWeight) {
  const auto mixer = MakeMixer({Entry("mixup", 1, 1), Entry("cutmix", 1, 0), Entry("cutmix", 1, 3)},
                               Shape(2, 9, 9));
  int chosen[3] = {0, 0, 0};
  for (uint64_t batch = 0; batch < 8000; ++batch) {
    ++chosen[DrawBatch(*mixer, 2, batch).mix.entry];
  }
  EXPECT_NEAR(chosen[0], 2000, 190);  // 4.9 sigma
  EXPECT_EQ(chosen[1], 0);
}

TEST(MixerTest, AnotherEntryLeavesTheDrawsOfTheFirst) {
  const auto alone = MakeMixer({Entry("mixup")}, Shape(2, 9, 9));
  const auto both = MakeMixer({Entry("mixup"), Entry("cutmix")}, Shape(2, 9, 9));
  int same = 0;
  for (uint64_t batch = 0; batch < 200; ++batch) {
    const Drawn drawn = DrawBatch(*both, 2, batch);
    if (drawn.mix.entry != 0) continue;
    ASSERT_EQ(drawn.lambda[0], DrawBatch(*alone, 2, batch).lambda[0]);
    ++same;
  }
  EXPECT_GT(same, 50);
}

TEST(MixerTest, MeanCorrectedShareAgreesWithAnIndependentMonteCarlo) {
  std::ifstream file(HEADRACE_SOURCE_DIR "/tests/golden/cutmix_reference.tsv");
  ASSERT_TRUE(file.is_open());
  uint32_t height, width;
  double alpha, mean, deviation, draws;
  int rows = 0;
  for (; file >> height >> width >> alpha >> mean >> deviation >> draws; ++rows) {
    const auto mixer = MakeMixer({Entry("cutmix", alpha)}, Shape(2, height, width));
    constexpr int kBatches = 20000;
    double sum = 0;
    for (uint64_t batch = 0; batch < kBatches; ++batch) {
      sum += DrawBatch(*mixer, 2, batch).lambda[0];
    }
    const double error = deviation * std::sqrt(1 / draws + 1.0 / kBatches);
    EXPECT_NEAR(sum / kBatches, mean, 3 * error + 1e-9) << height << "x" << width << " " << alpha;
  }
  EXPECT_EQ(rows, 8);
}

TEST(MixerTest, MinMaxBoxesLieInsideAndKeepTheirBounds) {
  MixConfig entry = Entry("cutmix");
  entry.minmax = Range{0.2, 0.7};
  entry.correct_lam = false;  // the share comes from the area all the same
  const auto mixer = MakeMixer({entry}, Shape(2, 30, 50));
  for (uint64_t batch = 0; batch < 2000; ++batch) {
    const Drawn drawn = DrawBatch(*mixer, 2, batch);
    const RectPx box = drawn.mix.box[0];
    ASSERT_TRUE(box.height >= 6 && box.height < 21 && box.y + box.height <= 30);
    ASSERT_TRUE(box.width >= 10 && box.width < 35 && box.x + box.width <= 50);
    ASSERT_EQ(drawn.lambda[0], static_cast<float>(1.0 - box.height * box.width / 1500.0));
  }
}

TEST(MixerTest, MinMaxTakesTheWholePictureAndASinglePixel) {
  for (const SizePx size : {SizePx{1, 1}, SizePx{7, 1}, SizePx{5, 4}}) {
    RandomStream stream({.name = "test"});
    const RectPx box = DrawCutMixBoxInRange(&stream, size, {1, 1});
    EXPECT_EQ(box, (RectPx{0, 0, size.width, size.height}));
    EXPECT_EQ(DrawCutMixBoxInRange(&stream, size, {0, 0}).size(), (SizePx{0, 0}));
  }
}

TEST(MixerTest, WithoutCorrectionTheShareIsTheDrawnOne) {
  MixConfig entry = Entry("cutmix");
  const auto corrected = MakeMixer({entry}, Shape(2, 20, 20));
  entry.correct_lam = false;
  const auto drawn = MakeMixer({entry}, Shape(2, 20, 20));
  int different = 0;
  for (uint64_t batch = 0; batch < 100; ++batch) {
    RandomStream stream({.seed = 1, .unit = batch, .name = "mix/cutmix"});
    stream.NextUnit();
    const auto lam = static_cast<float>(stream.NextBeta(entry.alpha, entry.alpha));
    ASSERT_EQ(DrawBatch(*drawn, 2, batch).lambda[0], lam);
    different += DrawBatch(*corrected, 2, batch).lambda[0] != lam ? 1 : 0;
  }
  EXPECT_GT(different, 80);
}

TEST(MixerTest, PartnersGoOverTheSamplesThatTakePart) {
  MixConfig entry = Entry("mixup", 1.0);
  const std::vector<uint8_t> valid = {1, 0, 1, 2, 0, 1, 1};
  const auto partners = [&](MixPartner rule) {
    entry.partner = rule;
    return DrawBatch(*MakeMixer({entry}, Shape(7, 4, 4)), 7, 5, valid).partner;
  };
  EXPECT_EQ(partners(MixPartner::kRoll), (std::vector<int32_t>{6, 1, 0, 2, 4, 3, 5}));
  EXPECT_EQ(partners(MixPartner::kFlip), (std::vector<int32_t>{6, 1, 5, 3, 4, 2, 0}));
  std::vector<int32_t> shuffled = partners(MixPartner::kPerm);
  EXPECT_EQ(shuffled[1], 1);
  EXPECT_EQ(shuffled[4], 4);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, (std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(MixerTest, ASampleThatDoesNotTakePartKeepsLambdaOne) {
  const Drawn drawn =
      DrawBatch(*MakeMixer({Entry("mixup", 1.0)}, Shape(4, 4, 4)), 4, 1, {1, 0, 1, 1});
  EXPECT_EQ(drawn.lambda[1], 1.0f);
  for (const size_t i : {0, 2, 3}) EXPECT_EQ(drawn.lambda[i], drawn.lambda[0]);
  EXPECT_LT(drawn.lambda[0], 1.0f);
}

TEST(MixerTest, FewerThanTwoSamplesStayUnmixed) {
  const auto mixer = MakeMixer({Entry("mixup", 1.0)}, Shape(4, 4, 4));
  for (const std::vector<uint8_t>& valid :
       {std::vector<uint8_t>{1}, {0, 1, 0, 0}, {0, 0, 0, 0}, {}}) {
    const Drawn drawn = DrawBatch(*mixer, valid.size(), 1, valid);
    EXPECT_EQ(drawn.mix.entry, -1);
    EXPECT_TRUE(drawn.mix.chain.empty());
    for (size_t i = 0; i < valid.size(); ++i) {
      EXPECT_EQ(drawn.lambda[i], 1.0f);
      EXPECT_EQ(drawn.partner[i], static_cast<int32_t>(i));
    }
  }
}

TEST(MixerTest, ChainsCoverEachMixedSampleOnceInPartnerOrder) {
  MixConfig entry = Entry("mixup", 1.0);
  entry.partner = MixPartner::kPerm;
  const auto mixer = MakeMixer({entry}, Shape(9, 4, 4));
  for (uint64_t batch = 0; batch < 200; ++batch) {
    const Drawn drawn = DrawBatch(*mixer, 9, batch);
    std::vector<int> seen(9, 0);
    ASSERT_EQ(drawn.mix.chain_begin.back(), drawn.mix.chain.size());
    for (size_t c = 0; c + 1 < drawn.mix.chain_begin.size(); ++c) {
      const uint32_t begin = drawn.mix.chain_begin[c];
      const uint32_t end = drawn.mix.chain_begin[c + 1];
      ASSERT_GE(end - begin, 2u);
      for (uint32_t k = begin; k < end; ++k) {
        const uint32_t next = k + 1 < end ? k + 1 : begin;
        ASSERT_EQ(drawn.partner[drawn.mix.chain[k]], static_cast<int32_t>(drawn.mix.chain[next]));
        ++seen[drawn.mix.chain[k]];
      }
    }
    for (int i = 0; i < 9; ++i) ASSERT_EQ(seen[i], drawn.partner[i] == i ? 0 : 1);
  }
}

TEST(MixerTest, DrawingAndMixingDoNotAllocate) {
  MixConfig entry = Entry("cutmix", 1.0);
  entry.partner = MixPartner::kPerm;
  MixConfig element = Entry("mixup", 1.0);
  element.mode = MixMode::kElement;
  MixConfig pair = Entry("cutmix", 1.0);
  pair.mode = MixMode::kPair;
  const auto mixer =
      MakeMixer({Entry("mixup", 1.0), entry, element, pair, Entry("rmix")}, Shape(16, 20, 20));
  BatchMix mix;
  mixer->Prepare(&mix);
  const std::vector<uint8_t> valid(16, 1);
  const std::vector<int64_t> ids = IdsOf(16, 0);
  const std::vector<float> map(kSaliencyCells, 0.5f);
  std::vector<float> lambda(16);
  std::vector<int32_t> partner(16);
  std::vector<float> images(16 * 3 * 20 * 20, 0.5f);
  Scratch scratch(*mixer);
  const uint64_t before = testing::AllocationCount();
  for (uint64_t batch = 0; batch < 100; ++batch) {
    uint32_t patches = 0;
    if (mixer->WantsSaliency(1, 0, batch, &patches) != nullptr) {
      for (uint32_t row = 0; row < 16; ++row) mixer->KeepSaliency(&mix, row, patches, map.data());
    }
    mixer->Draw(1, 0, batch, ids, valid, &mix, lambda, partner);
    for (uint32_t band = 0; band < 3; ++band) {
      mixer->ApplyBand(mix, images.data(), 16, band, 3, scratch.span());
    }
  }
  EXPECT_EQ(testing::AllocationCount(), before);
  ::operator delete(::operator new(1));  // called by name, so no compiler leaves it out
  EXPECT_GT(testing::AllocationCount(), before) << "the counter does not count";
}

}  // namespace
}  // namespace headrace::loader
