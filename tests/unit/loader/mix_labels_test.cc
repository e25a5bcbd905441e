// Soft labels of mixed batches.
#include <gtest/gtest.h>

#include "tests/unit/loader/mix_batches.h"

namespace headrace::loader {
namespace {

std::vector<float> SoftLabels(const Mixer& mixer, const BatchMix& mix,
                              const std::vector<int64_t>& labels, const std::vector<float>& lambda,
                              const std::vector<int32_t>& partner) {
  std::vector<float> soft(labels.size() * 5, -1.0f);
  mixer.MakeSoftLabels(mix, labels, lambda, partner, soft.data());
  return soft;
}

BatchMix MixOf(int32_t entry) {
  BatchMix mix;
  mix.entry = entry;
  return mix;
}

TEST(SoftLabelsTest, AreTheSharesOfOwnAndPartner) {
  const auto mixer = MakeMixer({Entry("mixup")}, Shape(3, 4, 4));
  const std::vector<float> soft =
      SoftLabels(*mixer, MixOf(0), {1, 4, 4}, {0.75f, 0.75f, 0.75f}, {2, 0, 1});
  EXPECT_EQ(soft, (std::vector<float>{0, 0.75f, 0, 0, 0.25f,  //
                                      0, 0.25f, 0, 0, 0.75f,  //
                                      0, 0, 0, 0, 1}));
}

// Rows that the data set has, mixed by what Draw makes of a batch: against the sum written out.
TEST(LabelRowsTest, AreMixedAsTheirLambdasAndPartnersSay) {
  constexpr uint32_t kRows = 9;
  constexpr uint32_t kColumns = 3;
  MixConfig perm = Entry("mixup");
  perm.partner = MixPartner::kPerm;
  MixConfig element = Entry("cutmix");
  element.mode = MixMode::kElement;
  element.p = 0.5;
  MixConfig pair = Entry("mixup");
  pair.mode = MixMode::kPair;
  pair.p = 0.7;
  uint32_t mixed = 0;
  for (const MixConfig& entry : {Entry("mixup"), perm, element, pair}) {
    BatchShape shape = Shape(kRows, 8, 8);
    shape.classes = kColumns;
    shape.label_rows = true;
    const auto mixer = MakeMixer({entry}, shape);
    for (uint64_t number = 0; number < 20; ++number) {
      std::vector<uint8_t> valid(kRows, 1);
      valid[number % kRows] = number % 3 == 0 ? 0 : 1;
      const Drawn drawn = DrawBatch(*mixer, kRows, number, valid);
      std::vector<float> rows(kRows * kColumns);
      for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i * i % 17) - 4.5f;
      std::vector<float> wanted(rows.size());
      for (size_t i = 0; i < rows.size(); ++i) {
        const size_t row = i / kColumns;
        const auto other = static_cast<size_t>(drawn.partner[row]);
        const double lam = drawn.lambda[row];
        wanted[i] =
            static_cast<float>(lam * rows[i] + (1.0 - lam) * rows[other * kColumns + i % kColumns]);
        mixed += other != row;
      }
      const std::vector<int64_t> labels(kRows, -1);
      mixer->MakeSoftLabels(drawn.mix, labels, drawn.lambda, drawn.partner, rows.data());
      ASSERT_EQ(rows, wanted) << entry.op << ", batch " << number;
    }
  }
  EXPECT_GT(mixed, 100u);
}

TEST(SoftLabelsTest, SmoothingSpreadsOverAllClasses) {
  MixConfig entry = Entry("mixup");
  entry.label_smoothing = 0.1;
  const auto mixer = MakeMixer({entry}, Shape(2, 4, 4));
  const float off = 0.02f;
  BatchMix mix = MixOf(0);
  mix.label_smoothing = 0.1;
  const std::vector<float> soft =
      SoftLabels(*mixer, mix, {1, 1, 3}, {0.25f, 0.25f, 0.25f}, {2, 0, 1});
  const auto own = static_cast<float>(0.25 * 0.92 + 0.75 * 0.02);
  const auto other = static_cast<float>(0.75 * 0.92 + 0.25 * 0.02);
  EXPECT_EQ(soft, (std::vector<float>{off, own, off, other, off,  //
                                      off, 0.92f, off, off, off,  // both of one class
                                      off, other, off, own, off}));
}

TEST(SoftLabelsTest, ABatchThatPLeftUnmixedIsSmoothedAllTheSame) {
  MixConfig entry = Entry("mixup");
  entry.label_smoothing = 0.1;
  entry.p = 0;
  const auto mixer = MakeMixer({entry}, Shape(2, 4, 4));
  const Drawn drawn = DrawBatch(*mixer, 2, 0);
  EXPECT_EQ(drawn.mix.entry, -1);
  const float off = 0.02f;
  EXPECT_EQ(SoftLabels(*mixer, drawn.mix, {3, 0}, drawn.lambda, drawn.partner),
            (std::vector<float>{off, off, off, 0.92f, off, 0.92f, off, off, off, off}));
}

TEST(SoftLabelsTest, NoLabelIsARowOfZeros) {
  const auto mixer = MakeMixer({Entry("mixup")}, Shape(2, 4, 4));
  EXPECT_EQ(SoftLabels(*mixer, MixOf(0), {-1, 2}, {1, 1}, {0, 1}),
            (std::vector<float>{0, 0, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(SoftLabelsTest, WhatHasNoLabelAddsNothingToItsPartner) {
  const auto mixer = MakeMixer({Entry("mixup")}, Shape(2, 4, 4));
  BatchMix mix = MixOf(0);
  EXPECT_EQ(SoftLabels(*mixer, mix, {-1, 2}, {0.75f, 0.75f}, {1, 0}),
            (std::vector<float>{0, 0, 0.25f, 0, 0, 0, 0, 0.75f, 0, 0}));
  EXPECT_EQ(SoftLabels(*mixer, mix, {-1, -1}, {0.75f, 0.75f}, {1, 0}),
            std::vector<float>(10, 0.0f));
  mix.label_smoothing = 0.1;
  const auto off = static_cast<float>(0.25 * 0.02);
  EXPECT_EQ(SoftLabels(*mixer, mix, {-1, 2}, {0.75f, 1.0f}, {1, 1}),
            (std::vector<float>{off, off, static_cast<float>(0.25 * 0.92), off, off,  //
                                0.02f, 0.02f, 0.92f, 0.02f, 0.02f}));
}

TEST(SoftLabelsTest, RowsOfDrawnBatchesSumToOne) {
  MixConfig entry = Entry("cutmix", 1.0);
  entry.label_smoothing = 0.13;
  entry.partner = MixPartner::kPerm;
  const auto mixer = MakeMixer({Entry("mixup", 0.5), entry}, Shape(8, 16, 16));
  for (uint64_t batch = 0; batch < 200; ++batch) {
    const Drawn drawn = DrawBatch(*mixer, 8, batch);
    std::vector<int64_t> labels;
    for (uint64_t i = 0; i < 8; ++i) labels.push_back(static_cast<int64_t>((i * 7 + batch) % 5));
    const std::vector<float> soft =
        SoftLabels(*mixer, drawn.mix, labels, drawn.lambda, drawn.partner);
    for (size_t i = 0; i < 8; ++i) {
      double sum = 0;
      for (size_t k = 0; k < 5; ++k) sum += soft[i * 5 + k];
      ASSERT_NEAR(sum, 1.0, 1e-6);
    }
  }
}

}  // namespace
}  // namespace headrace::loader
