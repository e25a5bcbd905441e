// What an epoch is made of: draws by weight, lists of ids, and what is refused.
#include "loader/epoch_samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "loader/open_watch.h"
#include "loader/sampler.h"
#include "tests/support/run_dataset.h"

namespace headrace::loader {
namespace {

// As many samples of each class as `counts` says; `label_of_last` replaces that of the last one.
class ClassDataset : public testing::RunDataset {
 public:
  explicit ClassDataset(const std::vector<uint64_t>& counts) : RunDataset({Sum(counts)}) {
    for (size_t label = 0; label < counts.size(); ++label) {
      classes_.push_back("class" + std::to_string(label));
      labels.insert(labels.end(), counts[label], static_cast<int64_t>(label));
    }
  }
  int64_t Label(uint64_t id) const override { return labels[id]; }
  const std::vector<std::string>& classes() const override { return classes_; }
  bool has_label_rows() const override { return rows; }

  std::vector<int64_t> labels;
  bool rows = false;

 private:
  static uint64_t Sum(const std::vector<uint64_t>& counts) {
    uint64_t sum = 0;
    for (const uint64_t count : counts) sum += count;
    return sum;
  }
  std::vector<std::string> classes_;
};

LoaderConfig Balanced() {
  LoaderConfig config;
  config.weights = Weights::kBalanced;
  return config;
}

// How often each sample comes in `draws` positions of an epoch.
std::vector<double> Count(const EpochSamples& samples, const Dataset& dataset, uint64_t draws,
                          uint64_t seed = 3, uint32_t epoch = 0) {
  const Sampler sampler(samples.size(), Shuffle::kFull, seed, 1, 0, 1, Tail::kExact, &dataset, 0,
                        &samples);
  const Sampler::Order order = sampler.OrderOf(epoch);
  std::vector<double> counts(dataset.size());
  for (uint64_t position = 0; position < draws; ++position) ++counts[order.IdAt(position)];
  return counts;
}

EpochSamples Made(const LoaderConfig& config, const Dataset& dataset, const EpochChoice& choice) {
  EpochSamples samples;
  ConfigError error;
  EXPECT_TRUE(EpochSamples::Make(config, dataset, choice, &samples, &error)) << error.text;
  EXPECT_TRUE(samples.Build(&error)) << error.text;
  return samples;
}

std::string Refused(const LoaderConfig& config, const Dataset& dataset, const EpochChoice& choice) {
  EpochSamples samples;
  ConfigError error;
  EXPECT_FALSE(EpochSamples::Make(config, dataset, choice, &samples, &error));
  EXPECT_EQ(error.code, Code::kConfigValue);
  return error.text;
}

// Pearson's statistic of the counts against the weights.
double ChiSquare(const std::vector<double>& counts, const std::vector<double>& weights) {
  double sum = 0;
  double draws = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    sum += weights[i];
    draws += counts[i];
  }
  double chi = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = draws * weights[i] / sum;
    if (expected > 0) chi += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return chi;
}

TEST(EpochSamplesTest, DrawsByTheWeightsAndNeverWhatWeighsNothing) {
  const ClassDataset dataset({20});
  std::vector<double> weights;
  for (int i = 0; i < 20; ++i) weights.push_back(i % 5 == 0 ? 0.0 : i * 0.37);
  LoaderConfig config;
  config.epoch_samples = 200000;
  const EpochSamples samples = Made(config, dataset, {.weights = weights});
  EXPECT_EQ(samples.size(), 200000u);
  const std::vector<double> counts = Count(samples, dataset, samples.size());
  for (size_t i = 0; i < 20; i += 5) EXPECT_EQ(counts[i], 0) << i;
  // 15 degrees of freedom: the 1e-6 point is 58.6.
  EXPECT_LT(ChiSquare(counts, weights), 58.6);
  // The negative control: a twentieth more of one sample shows.
  weights[19] *= 1.05;
  EXPECT_GT(ChiSquare(counts, weights), 58.6);
}

// Wherever it is ended, in the table of draws and in the list.
TEST(EpochSamplesTest, BuildingEndsWithTheOpening) {
  const ClassDataset dataset({1000});
  std::vector<double> weights;
  std::vector<int64_t> ids;
  for (int i = 0; i < 1000; ++i) {
    weights.push_back(1 + i % 7);
    ids.push_back(999 - i);
  }
  for (const EpochChoice& choice : {EpochChoice{.weights = weights}, EpochChoice{.ids = ids}}) {
    const auto build = [&](int* steps, int last) {
      EpochSamples samples;
      ConfigError error;
      EXPECT_TRUE(EpochSamples::Make({}, dataset, choice, &samples, &error)) << error.text;
      OpenWatch watch([&](const JobProgress&) { return ++*steps != last; },
                      OpenWatch::First::kAtOnce, 0);
      const bool built = samples.Build(&error);
      EXPECT_EQ(built ? Code::kOk : Code::kStopped, error.code) << error.text;
      return built;
    };
    int whole = 0;
    ASSERT_TRUE(build(&whole, -1));
    EXPECT_GE(whole, choice.ids.empty() ? 20 : 7);
    for (int last = 1; last <= whole; ++last) {
      int steps = 0;
      EXPECT_FALSE(build(&steps, last)) << last;
      EXPECT_EQ(steps, last);
    }
  }
}

TEST(EpochSamplesTest, NoWeightIsLostInRounding) {
  // One heavy sample among many whose columns never fill by themselves, and zeros between.
  const ClassDataset dataset({1001});
  std::vector<double> weights(1001, 1e-3);
  for (size_t i = 1; i < weights.size(); i += 2) weights[i] = 0;
  weights[500] = 7;
  LoaderConfig config;
  config.epoch_samples = 100000;
  const EpochSamples samples = Made(config, dataset, {.weights = weights});
  const std::vector<double> counts = Count(samples, dataset, samples.size());
  double zeros = 0;
  for (size_t i = 1; i < weights.size(); i += 2) zeros += counts[i];
  EXPECT_EQ(zeros, 0);
  // Binomial with p = 7 / 7.5: five deviations.
  EXPECT_NEAR(counts[500], 100000 * 7 / 7.5, 5 * std::sqrt(100000 * (7 / 7.5) * (0.5 / 7.5)));
}

TEST(EpochSamplesTest, ScaleAndTinySumsOfWeightsDoNotMatter) {
  const ClassDataset dataset({4});
  std::vector<double> expected;
  for (const double scale : {1.0, 0x1p-1000, 0x1p1000}) {
    const std::vector<double> weights = {1 * scale, 2 * scale, 3 * scale, 4 * scale};
    const std::vector<double> counts =
        Count(Made({}, dataset, {.weights = weights}), dataset, 10000);
    if (expected.empty()) expected = counts;
    EXPECT_EQ(counts, expected) << scale;
  }
}

TEST(EpochSamplesTest, BalancedClassesComeAlikeAndSamplesInsideThemToo) {
  const ClassDataset dataset({1, 9, 90, 900, 0});
  LoaderConfig config = Balanced();
  config.epoch_samples = 200000;
  const EpochSamples samples = Made(config, dataset, {});
  const std::vector<double> counts = Count(samples, dataset, samples.size());
  std::vector<double> classes(4);
  for (size_t id = 0; id < counts.size(); ++id) {
    classes[static_cast<size_t>(dataset.labels[id])] += counts[id];
  }
  // 3 degrees of freedom: 30.7 at 1e-6; 89: 164.
  EXPECT_LT(ChiSquare(classes, {1, 1, 1, 1}), 30.7);
  const std::vector<double> third(counts.begin() + 10, counts.begin() + 100);
  EXPECT_LT(ChiSquare(third, std::vector<double>(90, 1)), 164);
}

TEST(EpochSamplesTest, ADrawIsOfSeedEpochAndPositionAlone) {
  const ClassDataset dataset({100});
  const std::vector<double> weights(100, 1);
  const EpochSamples a = Made({}, dataset, {.weights = weights});
  const EpochSamples b = Made({}, dataset, {.weights = weights});
  EXPECT_EQ(Count(a, dataset, 50), Count(b, dataset, 50));
  EXPECT_NE(Count(a, dataset, 50), Count(a, dataset, 50, 4));
  EXPECT_NE(Count(a, dataset, 50), Count(a, dataset, 50, 3, 1));
  // Draws are with replacement: of 100 draws about 63 samples come.
  const std::vector<double> counts = Count(a, dataset, 100);
  const auto missing = std::count(counts.begin(), counts.end(), 0);
  EXPECT_GT(missing, 20);
  EXPECT_LT(missing, 55);
}

// docs/rng.md's arithmetic, once by hand.
TEST(EpochSamplesTest, TheFirstDrawsStayWhatTheyAre) {
  const ClassDataset dataset({5});
  const std::vector<double> weights = {1, 0, 2, 3, 4};
  const EpochSamples samples = Made({}, dataset, {.weights = weights});
  std::vector<uint64_t> ids;
  for (uint64_t position = 0; position < 12; ++position)
    ids.push_back(samples.Draw(7, 1, position));
  EXPECT_EQ(ids, (std::vector<uint64_t>{3, 2, 4, 2, 3, 3, 3, 3, 2, 4, 3, 3}));
}

TEST(EpochSamplesTest, AListIsAnEpochInTheOrderThatShuffleMakes) {
  const ClassDataset dataset({10});
  const std::vector<int64_t> list = {9, 3, 3, 0, 7};
  LoaderConfig config;
  config.shuffle = Shuffle::kNone;
  const EpochSamples samples = Made(config, dataset, {.ids = list});
  EXPECT_EQ(samples.Bytes(), 5u * 8);
  const Sampler plain(samples.size(), Shuffle::kNone, 0, 2, 0, 1, Tail::kExact, &dataset, 0,
                      &samples);
  EXPECT_EQ(plain.batches(), 3u);
  const Sampler::Order order = plain.OrderOf(0);
  std::vector<int64_t> given;
  for (uint64_t i = 0; i < 5; ++i) given.push_back(static_cast<int64_t>(order.IdAt(i)));
  EXPECT_EQ(given, list);

  const Sampler full(samples.size(), Shuffle::kFull, 0, 2, 0, 1, Tail::kExact, &dataset, 0,
                     &samples);
  std::vector<std::vector<int64_t>> epochs;
  for (const uint32_t epoch : {0u, 1u, 2u}) {
    const Sampler::Order shuffled = full.OrderOf(epoch);
    std::vector<int64_t> ids;
    for (uint64_t i = 0; i < 5; ++i) ids.push_back(static_cast<int64_t>(shuffled.IdAt(i)));
    epochs.push_back(ids);
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(ids, (std::vector<int64_t>{0, 3, 3, 7, 9}));
  }
  EXPECT_FALSE(epochs[0] == epochs[1] && epochs[1] == epochs[2]);
}

TEST(EpochSamplesTest, WhatCannotBeIsRefusedWithItsPlace) {
  const ClassDataset dataset({4, 6});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto weights = [&](double last) {
    std::vector<double> list(10, 1.0);
    list[9] = last;
    return list;
  };
  const auto refused = [&](const std::vector<double>& list, const char* text) {
    EXPECT_NE(Refused({}, dataset, {.weights = list}).find(text), std::string::npos) << text;
  };
  refused(weights(nan), "nan for sample 9 (shard)");
  refused(weights(infinity), "inf for sample 9 (shard)");
  refused(weights(-0.5), "found -0.500000 for sample 9 (shard)");
  refused(std::vector<double>(10, 0.0), "all are 0");
  refused(std::vector<double>(10, 1e308), "sum is infinite");
  refused(std::vector<double>(9, 1.0),
          "found 9 weights, expected one for each of the data set's 10");

  const std::vector<double> ones(10, 1.0);
  const std::vector<int64_t> low = {0, -1};
  const std::vector<int64_t> high = {0, 1, 10};
  const auto said = [&](const LoaderConfig& config, const EpochChoice& choice, const char* text) {
    const std::string found = Refused(config, dataset, choice);
    EXPECT_NE(found.find(text), std::string::npos) << found;
  };
  said({}, {.ids = low}, "found -1 at index 1, expected 0 to 9");
  said({}, {.ids = high}, "found 10 at index 2, expected 0 to 9");
  said({}, {.weights = ones, .ids = low}, "both given");
  said(Balanced(), {.weights = ones}, "beside sample_weights");
  said(Balanced(), {.ids = low}, "beside sample_ids");
  LoaderConfig block;
  block.shuffle = Shuffle::kBlock;
  said(block, {.weights = ones}, "shuffle: found \"block\"");
  said(block, {.ids = low}, "shuffle: found \"block\"");
  LoaderConfig in_order;
  in_order.shuffle = Shuffle::kNone;
  said(in_order, {.weights = ones}, "shuffle: found \"none\"");
  LoaderConfig counted;
  counted.epoch_samples = 5;
  said(counted, {}, "epoch_samples: without weights");
  said(counted, {.ids = low}, "epoch_samples: without weights");
}

TEST(EpochSamplesTest, BalancedNeedsOneClassASample) {
  ClassDataset dataset({4, 6});
  dataset.labels[7] = -1;
  EXPECT_NE(Refused(Balanced(), dataset, {}).find("sample 7 (shard) has label -1"),
            std::string::npos);
  dataset.rows = true;
  EXPECT_NE(Refused(Balanced(), dataset, {}).find("several classes a sample"), std::string::npos);
}

}  // namespace
}  // namespace headrace::loader
