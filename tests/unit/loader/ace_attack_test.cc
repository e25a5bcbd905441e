// The attack on batches in memory, with models of a few lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <vector>

#include "loader/augment/color_curve.h"
#include "loader/mix/ace_attack.h"
#include "tests/support/ace_problem.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/loader/mix_batches.h"

namespace headrace::loader {
namespace {

using headrace::testing::AllocationCount;
using headrace::testing::ColorSet;
using headrace::testing::Logistic;
using headrace::testing::MakeColorSet;

constexpr double kMean = 0.5;  // so that models see x - .5

// A model of one row: fills loss, margin and gradient of data[i] by index (channel, y, x).
using RowModel = std::function<void(const ModelRows& in, uint32_t row, ModelAnswer* out)>;

struct Calls {
  RowModel model;
  uint32_t calls = 0;
  uint32_t rows = 0;
  uint32_t fail_at = 0;  // the call, from 1, that returns 7
  std::vector<std::vector<uint32_t>> lanes;

  ModelFn fn() { return {&Calls::Call, this}; }
  static int Call(void* context, const ModelRows& in, ModelAnswer* out) {
    auto* self = static_cast<Calls*>(context);
    ++self->calls;
    self->rows += in.rows;
    self->lanes.emplace_back(in.lane, in.lane + in.rows);
    if (self->calls == self->fail_at) return 7;
    for (uint32_t row = 0; row < in.rows; ++row) self->model(in, row, out);
    return 0;
  }
};

// The batch with its arrays, and what an attack on it needs.
struct Bench {
  BatchShape shape;
  OutputScale scale;
  simd::ConvertTable convert;
  std::vector<uint8_t> pixels;
  std::vector<float> images;
  std::vector<int64_t> labels, ids;
  std::vector<uint8_t> valid;
  std::vector<std::byte> room_memory, memory;
  std::optional<ModelRoom> room;
  std::optional<AceAttack> attack;
  AceReport report;

  explicit Bench(const ColorSet& set, uint32_t chunk = 64,
                 simd::Layout layout = simd::Layout::kNchw)
      : shape{.batch_size = static_cast<uint32_t>(set.count()),
              .channels = 3,
              .height = ColorSet::kSide,
              .width = ColorSet::kSide,
              .layout = layout,
              .classes = 2},
        pixels(set.pixels),
        images(set.pixels.size()),
        labels(set.labels),
        ids(set.ids),
        valid(set.count(), 1) {
    const double mean[3] = {kMean, kMean, kMean};
    scale.has_mean = true;
    std::copy_n(mean, 3, scale.mean.begin());
    convert = simd::MakeConvertTable(simd::Dtype::kF32, layout, 3, mean, nullptr);
    room_memory.resize(ModelRoom::Bytes(shape, chunk, false) + 64);
    memory.resize(AceAttack::Bytes(shape) + 64);
    room.emplace(shape, chunk, false, Aligned(&room_memory));
    attack.emplace(&*room, convert, scale, Aligned(&memory));
  }
  static std::span<std::byte> Aligned(std::vector<std::byte>* memory) {
    const auto at = reinterpret_cast<uintptr_t>(memory->data());
    return std::span<std::byte>(*memory).subspan((64 - at % 64) % 64, memory->size() - 64);
  }
  ModelBatch batch() {
    return {.rows = shape.batch_size,
            .pixels = pixels.data(),
            .images = reinterpret_cast<std::byte*>(images.data()),
            .labels = labels.data(),
            .ids = ids.data(),
            .valid = valid.data(),
            .seed = 5,
            .epoch = 1,
            .global_batch = 3};
  }
  Status Run(const AceSettings& settings, Calls* calls) {
    const Status status = attack->Run(settings, {.name = "mix/ace"}, calls->fn(), batch(), &report);
    if (status.ok()) attack->WriteBack(batch());
    return status;
  }
};

size_t At(const ModelRows& in, uint32_t row, size_t i) {
  const size_t plane = size_t{in.height} * in.width;
  const size_t c = i / plane, y = i % plane / in.width, x = i % in.width;
  return static_cast<size_t>(row * in.stride[0] + static_cast<int64_t>(c) * in.stride[1] +
                             static_cast<int64_t>(y) * in.stride[2] +
                             static_cast<int64_t>(x) * in.stride[3]);
}

RowModel ModelOf(const Logistic& logistic) {
  return [&logistic](const ModelRows& in, uint32_t row, ModelAnswer* out) {
    const auto judged =
        logistic.Judge([&](size_t i) { return double{in.data[At(in, row, i)]}; }, in.label[row]);
    out->loss[row] = static_cast<float>(judged.loss);
    out->margin[row] = static_cast<float>(judged.margin);
    for (size_t i = 0; i < ColorSet::kElements; ++i) {
      const_cast<float*>(out->grad)[At(in, row, i)] =
          static_cast<float>(judged.slope * logistic.weights[i]);
    }
  };
}

double MeanLoss(const Logistic& logistic, const std::vector<uint8_t>& pixels, const ColorSet& set) {
  double sum = 0;
  for (size_t n = 0; n < set.count(); ++n) {
    const uint8_t* x = &pixels[n * ColorSet::kElements];
    sum += logistic.Judge([&](size_t i) { return x[i] / 255.0 - kMean; }, set.labels[n]).loss;
  }
  return sum / static_cast<double>(set.count());
}

// Mean losses under random filters of a family: of all, and of the best of `tries` a sample.
struct RandomLoss {
  double mean = 0;
  double best = 0;
};
RandomLoss UnderRandomFilters(const Logistic& logistic, const ColorSet& set, CurveFamily family,
                              double bound, int tries) {
  RandomLoss result;
  for (size_t n = 0; n < set.count(); ++n) {
    const uint8_t* x = &set.pixels[n * ColorSet::kElements];
    double best = 0;
    for (int t = 0; t < tries; ++t) {
      RandomStream stream({.seed = 99, .unit = n * 100 + static_cast<size_t>(t), .name = "test"});
      std::vector<double> p(3 * 64);
      DrawCurves({.family = family, .bound = bound}, 3, &stream, p);
      uint8_t bytes[3][256];
      for (size_t c = 0; c < 3; ++c) FillCurveBytes({p.data() + c * 64, 64}, bytes[c]);
      const double loss =
          logistic
              .Judge([&](size_t i) { return bytes[i / 256][x[i]] / 255.0 - kMean; }, set.labels[n])
              .loss;
      result.mean += loss / tries;
      best = std::max(best, loss);
    }
    result.best += best;
  }
  result.mean /= static_cast<double>(set.count());
  result.best /= static_cast<double>(set.count());
  return result;
}

class AceAttackTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    logistic_ = new Logistic;
    logistic_->Train(MakeColorSet(2048, 1), 30, 0.05);
    set_ = new ColorSet(MakeColorSet(128, 2));
  }
  static void TearDownTestSuite() {
    delete logistic_;
    delete set_;
  }
  static AceSettings Settings(double bound = 8, uint32_t steps = 5) {
    AceSettings settings;
    settings.config.bound = bound;
    settings.config.steps = steps;
    settings.config.freeze_on_success = false;
    return settings;
  }
  static double AttackedLoss(const AceSettings& settings) {
    Bench bench(*set_);
    Calls calls{.model = ModelOf(*logistic_)};
    EXPECT_TRUE(bench.Run(settings, &calls).ok());
    return MeanLoss(*logistic_, bench.pixels, *set_);
  }
  static Logistic* logistic_;
  static ColorSet* set_;
};
Logistic* AceAttackTest::logistic_ = nullptr;
ColorSet* AceAttackTest::set_ = nullptr;

TEST_F(AceAttackTest, BeatsRandomFiltersOfTheSameBoundByFar) {
  const double clean = MeanLoss(*logistic_, set_->pixels, *set_);
  EXPECT_LT(clean, 0.6);  // the model has learnt: log 2 is 0.69
  double before = clean;
  for (const double bound : {2.0, 4.0, 8.0, 16.0}) {
    const double five = AttackedLoss(Settings(bound));
    const double one = AttackedLoss(Settings(bound, 1));
    double best = 0;
    for (const CurveFamily family :
         {CurveFamily::kIid, CurveFamily::kSmooth, CurveFamily::kExtreme}) {
      const RandomLoss random = UnderRandomFilters(*logistic_, *set_, family, bound, 10);
      EXPECT_GT(five, 3 * random.mean) << bound << " " << static_cast<int>(family);
      if (family == CurveFamily::kExtreme) best = random.best;
    }
    EXPECT_GT(five, 1.5 * best) << bound;
    EXPECT_GE(five, 0.95 * one) << bound;
    EXPECT_GT(five, before) << bound;
    before = five;
    RecordProperty("bound_" + std::to_string(static_cast<int>(bound)),
                   "clean " + std::to_string(clean) + " n=1 " + std::to_string(one) + " n=5 " +
                       std::to_string(five) + " best of 10 extreme " + std::to_string(best));
  }
}

TEST_F(AceAttackTest, StaysInsideTheBound) {
  for (const AceStep step : {AceStep::kL2, AceStep::kSign}) {
    for (const double bound : {1.0, 2.0, 8.0}) {
      AceSettings settings = Settings(bound);
      settings.config.step = step;
      Bench bench(*set_);
      Calls calls{.model = ModelOf(*logistic_)};
      ASSERT_TRUE(bench.Run(settings, &calls).ok());
      const double shift = 255 * (std::sqrt(bound) - 1) / (std::sqrt(bound) + 1) + 1;
      int most = 0;
      for (size_t i = 0; i < bench.pixels.size(); ++i) {
        most = std::max(most, std::abs(int{bench.pixels[i]} - int{set_->pixels[i]}));
      }
      EXPECT_LE(most, shift);
      EXPECT_GE(most, (shift - 1) / 3);
      EXPECT_EQ(bench.pixels == set_->pixels, bound == 1);
    }
  }
}

TEST_F(AceAttackTest, ImagesAreThePixelsThroughTheOutputsTable) {
  for (const simd::Layout layout : {simd::Layout::kNchw, simd::Layout::kNhwc}) {
    Bench bench(*set_, 64, layout);
    Calls calls{.model = ModelOf(*logistic_)};
    ASSERT_TRUE(bench.Run(Settings(), &calls).ok());
    EXPECT_NE(bench.pixels, set_->pixels);
    constexpr size_t kPlane = ColorSet::kElements / 3;
    for (size_t i = 0; i < bench.pixels.size(); ++i) {
      const size_t n = i / ColorSet::kElements, c = i % ColorSet::kElements / kPlane;
      const size_t at =
          layout == simd::Layout::kNchw ? i : n * ColorSet::kElements + i % kPlane * 3 + c;
      ASSERT_EQ(bench.images[at], bench.convert.f32[c][bench.pixels[i]]);
    }
  }
}

TEST_F(AceAttackTest, BytesDoNotDependOnChunksOrLayout) {
  std::vector<uint8_t> expected;
  for (const uint32_t chunk : {64u, 1u, 7u, 128u}) {
    for (const simd::Layout layout : {simd::Layout::kNchw, simd::Layout::kNhwc}) {
      AceSettings settings = Settings();
      settings.config.chunk = chunk;
      settings.config.random_start = true;
      settings.config.freeze_on_success = true;
      settings.p = 0.7;
      Bench bench(*set_, 64, layout);
      Calls calls{.model = ModelOf(*logistic_)};
      ASSERT_TRUE(bench.Run(settings, &calls).ok());
      if (expected.empty()) expected = bench.pixels;
      EXPECT_EQ(bench.pixels, expected) << chunk;
    }
  }
  EXPECT_NE(expected, set_->pixels);
}

TEST_F(AceAttackTest, TheFirstStepShowsThePicturesAsTheyAre) {
  Bench bench(*set_);
  bool checked = false;
  Calls calls;
  calls.model = [&](const ModelRows& in, uint32_t row, ModelAnswer* out) {
    for (size_t i = 0; i < ColorSet::kElements && in.step == 0; ++i) {
      const uint8_t pixel = set_->pixels[in.lane[row] * ColorSet::kElements + i];
      ASSERT_EQ(in.data[At(in, row, i)], bench.convert.f32[i / 256][pixel]);
    }
    ASSERT_EQ(in.label[row], set_->labels[in.lane[row]]);
    ASSERT_EQ(in.batch, 3u);
    ASSERT_EQ(in.classes, 2);
    checked = true;
    ModelOf (*logistic_)(in, row, out);
  };
  ASSERT_TRUE(bench.Run(Settings(), &calls).ok());
  EXPECT_TRUE(checked);
}

TEST_F(AceAttackTest, OneSignStepRaisesALinearLoss) {
  // L = <g, z>, whatever g is.
  RandomStream stream({.seed = 8, .name = "test"});
  std::vector<float> g(ColorSet::kElements);
  for (float& value : g) value = static_cast<float>(stream.NextNormal());
  AceSettings settings = Settings(2, 1);
  settings.config.step = AceStep::kSign;
  settings.config.final_eval = true;
  Calls calls;
  calls.model = [&](const ModelRows& in, uint32_t row, ModelAnswer* out) {
    double loss = 0;
    for (size_t i = 0; i < g.size(); ++i) loss += double{g[i]} * in.data[At(in, row, i)];
    out->loss[row] = static_cast<float>(loss);
    out->grad = g.data();  // of the callee's own, the same for all rows
    const int64_t strides[4] = {0, 256, 16, 1};
    std::copy_n(strides, 4, out->stride);
  };
  Bench bench(*set_);
  ASSERT_TRUE(bench.Run(settings, &calls).ok());
  EXPECT_EQ(bench.report.rows, 128u);
  EXPECT_GT(bench.report.loss_after, bench.report.loss_before);
}

TEST_F(AceAttackTest, AFailedCallLeavesEveryByte) {
  for (const uint32_t fail_at : {1u, 6u, 10u}) {
    Bench bench(*set_);
    Calls calls{.model = ModelOf(*logistic_), .fail_at = fail_at};
    const Status status = bench.Run(Settings(), &calls);
    EXPECT_EQ(status.code(), Code::kCallbackFailed);
    EXPECT_EQ(bench.room->callback_result(), 7);
    EXPECT_EQ(bench.pixels, set_->pixels);
    EXPECT_TRUE(std::ranges::all_of(bench.images, [](float v) { return v == 0; }));
  }
}

TEST_F(AceAttackTest, AnswersWithoutMemoryAreRefused) {
  for (const bool of_loss : {true, false}) {
    Bench bench(*set_);
    Calls calls;
    calls.model = [of_loss](const ModelRows&, uint32_t row, ModelAnswer* out) {
      if (row != 0) return;
      if (of_loss) out->loss = nullptr;
      if (!of_loss) out->grad = nullptr;
    };
    EXPECT_EQ(bench.Run(Settings(), &calls).code(), Code::kCallbackFailed);
    EXPECT_EQ(bench.pixels, set_->pixels);
  }
}

TEST_F(AceAttackTest, RowsThatAreNoNumbersStayClean) {
  // Lane 3's loss, lane 5's gradient in one place, lane 70's at the third step; lane 9 writes no
  // loss, lane 11 no gradient.
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const RowModel good = ModelOf(*logistic_);
  Calls calls;
  calls.model = [&](const ModelRows& in, uint32_t row, ModelAnswer* out) {
    const uint32_t lane = in.lane[row];
    if (lane == 9) {
      const float loss = out->loss[row];
      good(in, row, out);
      out->loss[row] = loss;
      return;
    }
    if (lane == 11) {
      out->loss[row] = 1;
      return;
    }
    good(in, row, out);
    float* grad = const_cast<float*>(out->grad);
    if (lane == 3) out->loss[row] = kNan;
    if (lane == 5) grad[At(in, row, 300)] = std::numeric_limits<float>::infinity();
    if (lane == 70 && in.step == 2) grad[At(in, row, 700)] = kNan;
  };
  for (const AceKeep keep : {AceKeep::kLast, AceKeep::kBest}) {
    AceSettings settings = Settings();
    settings.config.keep = keep;
    Bench bench(*set_);
    Bench without(*set_);
    Calls all_good{.model = good};
    ASSERT_TRUE(bench.Run(settings, &calls).ok());
    ASSERT_TRUE(without.Run(settings, &all_good).ok());
    EXPECT_EQ(bench.report.non_finite, 5u);
    const std::set<size_t> clean = {3, 5, 9, 11, 70};
    for (size_t n = 0; n < set_->count(); ++n) {
      const auto* expected = clean.contains(n) ? set_->pixels.data() : without.pixels.data();
      EXPECT_EQ(memcmp(&bench.pixels[n * ColorSet::kElements], expected + n * ColorSet::kElements,
                       ColorSet::kElements),
                0)
          << n;
    }
  }
}

TEST_F(AceAttackTest, OnlyChosenAndValidRowsAreShown) {
  AceSettings settings = Settings();
  settings.p = 0.5;
  Bench bench(*set_);
  for (size_t n = 0; n < 128; n += 3) bench.valid[n] = 0;
  Calls calls{.model = ModelOf(*logistic_)};
  ASSERT_TRUE(bench.Run(settings, &calls).ok());
  std::set<uint32_t> shown;
  for (const auto& lanes : calls.lanes) shown.insert(lanes.begin(), lanes.end());
  std::set<uint32_t> expected;
  for (uint32_t n = 0; n < 128; ++n) {
    RandomStream stream({.seed = 5, .epoch = 1, .unit = n, .name = "mix/ace"});
    if (stream.NextUnit() < 0.5 && n % 3 != 0) expected.insert(n);
  }
  EXPECT_EQ(shown, expected);
  EXPECT_EQ(bench.report.rows, expected.size());
  EXPECT_EQ(calls.calls, (expected.size() + 63) / 64 * 5);
  for (size_t n = 0; n < 128; ++n) {
    const bool same = memcmp(&bench.pixels[n * ColorSet::kElements],
                             &set_->pixels[n * ColorSet::kElements], ColorSet::kElements) == 0;
    EXPECT_EQ(same, !expected.contains(static_cast<uint32_t>(n))) << n;
  }
}

TEST_F(AceAttackTest, WithNoRowsTheModelIsNotCalled) {
  AceSettings settings = Settings();
  settings.p = 0;
  Bench bench(*set_);
  Calls calls{.model = ModelOf(*logistic_)};
  ASSERT_TRUE(bench.Run(settings, &calls).ok());
  EXPECT_EQ(calls.calls, 0u);
  EXPECT_EQ(bench.report.rows, 0u);
  EXPECT_EQ(bench.pixels, set_->pixels);
}

TEST_F(AceAttackTest, RowsThatAreFooledAreFrozen) {
  AceSettings settings = Settings();
  settings.config.freeze_on_success = true;
  Bench bench(*set_);
  Calls calls{.model = ModelOf(*logistic_)};
  ASSERT_TRUE(bench.Run(settings, &calls).ok());
  // Samples that the model has wrong from the start are as they were, and were shown once.
  uint32_t wrong = 0;
  for (size_t n = 0; n < set_->count(); ++n) {
    const uint8_t* x = &set_->pixels[n * ColorSet::kElements];
    const auto judged = logistic_->Judge(
        [&](size_t i) { return double{bench.convert.f32[i / 256][x[i]]}; }, set_->labels[n]);
    if (static_cast<float>(judged.margin) >= 0) continue;
    ++wrong;
    EXPECT_EQ(memcmp(&bench.pixels[n * ColorSet::kElements], x, ColorSet::kElements), 0) << n;
  }
  EXPECT_GT(wrong, 5u);
  EXPECT_GT(bench.report.frozen, wrong);
  EXPECT_LT(calls.rows, 128u * 5);
  // A kappa that no margin reaches freezes none.
  settings.config.kappa = 1e6;
  Bench patient(*set_);
  Calls more{.model = ModelOf(*logistic_)};
  ASSERT_TRUE(patient.Run(settings, &more).ok());
  EXPECT_EQ(patient.report.frozen, 0u);
  EXPECT_EQ(more.rows, 128u * 5);
}

TEST_F(AceAttackTest, TheBestIsKeptWhenStepsOvershoot) {
  AceSettings settings = Settings(8, 4);
  settings.alpha = 3;  // far too long
  settings.config.final_eval = true;
  const auto after = [&](AceKeep keep) {
    settings.config.keep = keep;
    Bench bench(*set_);
    Calls calls{.model = ModelOf(*logistic_)};
    EXPECT_TRUE(bench.Run(settings, &calls).ok());
    EXPECT_EQ(calls.calls, 2u * 5);
    // What the report says is what the kept pixels give, but for their rounding.
    EXPECT_NEAR(bench.report.loss_after, MeanLoss(*logistic_, bench.pixels, *set_), 0.02);
    EXPECT_NEAR(bench.report.loss_before, MeanLoss(*logistic_, set_->pixels, *set_), 1e-4);
    return bench.report.loss_after;
  };
  EXPECT_GE(after(AceKeep::kBest), after(AceKeep::kLast));
}

TEST_F(AceAttackTest, WithoutAJudgementTheLossAfterIsUnknown) {
  Bench bench(*set_);
  Calls calls{.model = ModelOf(*logistic_)};
  ASSERT_TRUE(bench.Run(Settings(), &calls).ok());
  EXPECT_TRUE(std::isnan(bench.report.loss_after));
  EXPECT_EQ(calls.calls, 2u * 5);
}

TEST_F(AceAttackTest, ARunAllocatesNothing) {
  Bench bench(*set_);
  std::vector<float> gradient(ColorSet::kElements, 1.0f);
  const ModelFn fn = {[](void* context, const ModelRows& in, ModelAnswer* out) {
                        std::fill_n(out->loss, in.rows, 1.0f);
                        out->grad = static_cast<std::vector<float>*>(context)->data();
                        out->stride[0] = 0;
                        return 0;
                      },
                      &gradient};
  AceSettings settings = Settings();
  settings.config.random_start = true;
  settings.config.keep = AceKeep::kBest;
  const auto before = AllocationCount();
  ASSERT_TRUE(
      bench.attack->Run(settings, {.name = "mix/ace"}, fn, bench.batch(), &bench.report).ok());
  bench.attack->WriteBack(bench.batch());
  EXPECT_EQ(AllocationCount(), before);
}

}  // namespace
}  // namespace headrace::loader
