// What the noise looks like: moments, tails, shares and correlations, with fixed keys. A limit is
// where a sound generator would fail once in a million; each statistic is also put to samples that
// are slightly wrong, which it must see.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <numeric>

#include "simd/noise.h"
#include "simd/poisson.h"
#include "simd/reference_noise.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr double kLimit = 4.9;  // standard errors that a normal exceeds once in a million
constexpr uint64_t kKey = 20260711;

struct Moments {
  double mean = 0;
  double variance = 0;
  double fourth = 0;  // about the mean
};

template <class Values>
Moments MomentsOf(const Values& values) {
  Moments m;
  const auto count = static_cast<double>(values.size());
  for (const auto v : values) m.mean += v / count;
  for (const auto v : values) {
    const double square = (v - m.mean) * (v - m.mean);
    m.variance += square / count;
    m.fourth += square * square / count;
  }
  return m;
}

template <class Values>
double Correlation(const Values& a, const Values& b) {
  const Moments ma = MomentsOf(a);
  const Moments mb = MomentsOf(b);
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - ma.mean) * (b[i] - mb.mean);
  return sum / static_cast<double>(a.size()) / std::sqrt(ma.variance * mb.variance);
}

// How many standard errors a count of `count` trials is from `p`.
double ShareError(double hits, double count, double p) {
  return (hits / count - p) / std::sqrt(p * (1 - p) / count);
}

// The largest of all errors of normals, in standard errors.
double WorstOfNormals(const std::vector<float>& normals) {
  const auto count = static_cast<double>(normals.size());
  const Moments m = MomentsOf(normals);
  double worst = std::abs(m.mean) * std::sqrt(count);
  worst = std::max(worst, std::abs(m.variance - 1) * std::sqrt(count / 2));
  worst = std::max(worst, std::abs(m.fourth - 3) * std::sqrt(count / 96));
  for (const double edge : {-4.0, -3.0, -2.0, -1.0, -0.3, 0.0, 0.3, 1.0, 2.0, 3.0, 4.0}) {
    double below = 0;
    for (const float v : normals) below += v < edge;
    const double p = std::erfc(-edge / std::sqrt(2.0)) / 2;
    worst = std::max(worst, std::abs(ShareError(below, count, p)));
  }
  std::vector<float> next(normals.begin() + 1, normals.end());
  const std::vector<float> here(normals.begin(), normals.end() - 1);
  worst = std::max(worst, std::abs(Correlation(here, next)) * std::sqrt(count));
  return worst;
}

TEST(NoiseStatisticsTest, NormalsAreNormal) {
  std::vector<float> normals(1 << 22);
  MakeNormals(kKey, 0, normals);
  EXPECT_LT(WorstOfNormals(normals), kLimit);
}

TEST(NoiseStatisticsTest, NormalsThatAreSlightlyWrongAreSeen) {
  std::vector<float> normals(1 << 22);
  MakeNormals(kKey, 0, normals);
  std::vector<float> wrong = normals;
  for (float& v : wrong) v += 0.003f;
  EXPECT_GT(WorstOfNormals(wrong), kLimit) << "mean";
  wrong = normals;
  for (float& v : wrong) v *= 1.002f;
  EXPECT_GT(WorstOfNormals(wrong), kLimit) << "variance";
  wrong = normals;
  for (float& v : wrong) v = std::min(v, 3.7f);
  EXPECT_GT(WorstOfNormals(wrong), kLimit) << "tail";
  for (size_t i = 1; i < wrong.size(); ++i) {
    wrong[i] = 0.01f * normals[i - 1] + 0.99995f * normals[i];
  }
  EXPECT_GT(WorstOfNormals(wrong), kLimit) << "neighbours";
  // The sum of twelve uniform numbers has the right mean and variance.
  std::vector<uint32_t> words(12 << 18);
  MakeNoiseWords(kKey, 0, words);
  wrong.resize(1 << 18);
  for (size_t i = 0; i < wrong.size(); ++i) {
    double sum = -6;
    for (size_t j = 0; j < 12; ++j) sum += words[12 * i + j] * 0x1p-32;
    wrong[i] = static_cast<float>(sum);
  }
  EXPECT_GT(WorstOfNormals(wrong), kLimit) << "kurtosis";
}

TEST(NoiseStatisticsTest, ANormalIsTheQuantileOfItsWord) {
  float last = 100;
  for (uint32_t step = 0; step < 200000; ++step) {
    // Words from the tail to the middle, evenly in their logarithm.
    const auto m = static_cast<uint32_t>(std::exp2(step * (31.0 / 200000)));
    const float normal = reference::NormalOfWord(m);
    const double u = (m | 1) * 0x1p-32;
    const double upper = std::erfc(normal / std::sqrt(2.0)) / 2;
    const double density = std::exp(-0.5 * normal * normal) / std::sqrt(2 * M_PI);
    ASSERT_LT(std::abs(upper - u) / density, 5e-4) << m;
    ASSERT_LE(normal, last + 1e-3f) << m;
    ASSERT_EQ(reference::NormalOfWord(m | 0x80000000), -normal);
    last = normal;
  }
  EXPECT_NEAR(reference::NormalOfWord(0), 6.23, 0.01);
  EXPECT_EQ(reference::NormalOfWord(0x7FFFFFFF), 0);
}

// A picture of 512x512, all of `value`, after `add`; its channels one by one.
std::vector<std::vector<double>> Channels(uint8_t value,
                                          const std::function<void(ImageView)>& add) {
  constexpr uint32_t kSide = 512;
  std::vector<uint8_t> pixels(size_t{kSide} * kSide * 3, value);
  add({pixels.data(), kSide, kSide, 3, size_t{kSide} * 3});
  std::vector<std::vector<double>> channels(3);
  for (size_t i = 0; i < pixels.size(); ++i) channels[i % 3].push_back(pixels[i]);
  return channels;
}

// Standard errors of mean and deviation from what they should be, the worst of all channels.
double WorstOfMoments(const std::vector<std::vector<double>>& channels, double mean, double std) {
  double worst = 0;
  for (const auto& channel : channels) {
    const auto count = static_cast<double>(channel.size());
    const Moments m = MomentsOf(channel);
    worst = std::max(worst, std::abs(m.mean - mean) / std * std::sqrt(count));
    const double error = std::abs(std::sqrt(m.variance) - std) / std;
    worst = std::max(worst, error * std::sqrt(2 * count));
  }
  return worst;
}

TEST(NoiseStatisticsTest, GaussianNoiseHasItsMeanAndDeviation) {
  for (const double sigma : {0.02, 0.08, 0.1}) {
    const auto made = [&](double actual, double mean) {
      return Channels(128, [&](ImageView view) {
        AddGaussianNoise(view, {.mean = mean, .sigma = actual}, kKey, view);
      });
    };
    // Rounding adds a twelfth to the variance.
    const double std = std::sqrt(255 * 255 * sigma * sigma + 1.0 / 12);
    EXPECT_LT(WorstOfMoments(made(sigma, 0), 128, std), kLimit) << sigma;
    EXPECT_LT(WorstOfMoments(made(sigma, 0.02), 128 + 0.02 * 255, std), kLimit) << sigma;
    EXPECT_GT(WorstOfMoments(made(sigma * 1.01, 0), 128, std), kLimit) << sigma;
    EXPECT_GT(WorstOfMoments(made(sigma, 0.02 * sigma), 128, std), kLimit) << sigma;
  }
}

TEST(NoiseStatisticsTest, ChannelsShareTheirNoiseOrDoNot) {
  const auto made = [&](bool per_channel) {
    return Channels(128, [&](ImageView view) {
      AddGaussianNoise(view, {.per_channel = per_channel}, kKey, view);
    });
  };
  const auto apart = made(true);
  const double limit = kLimit / 512;
  EXPECT_LT(std::abs(Correlation(apart[0], apart[1])), limit);
  EXPECT_LT(std::abs(Correlation(apart[1], apart[2])), limit);
  EXPECT_LT(std::abs(Correlation(apart[0], apart[2])), limit);
  const auto shared = made(false);
  EXPECT_EQ(shared[0], shared[1]);
  EXPECT_EQ(shared[1], shared[2]);
  EXPECT_LT(WorstOfMoments(shared, 128, std::sqrt(25.5 * 25.5 + 1.0 / 12)), kLimit);
}

TEST(NoiseStatisticsTest, SpeckleGrowsWithThePixel) {
  for (const uint8_t value : {uint8_t{40}, uint8_t{128}}) {
    const auto made = [&](double sigma) {
      return Channels(value, [&](ImageView view) { AddSpeckleNoise(view, 0, sigma, kKey, view); });
    };
    const double std = std::sqrt(value * 0.15 * value * 0.15 + 1.0 / 12);
    EXPECT_LT(WorstOfMoments(made(0.15), value, std), kLimit);
    EXPECT_GT(WorstOfMoments(made(0.152), value, std), kLimit);
  }
}

TEST(NoiseStatisticsTest, SaltAndPepperChangeTheirShares) {
  constexpr double kCount = 512 * 512;
  const auto errors = [&](double amount, double salt, bool per_channel, bool* same) {
    const auto channels = Channels(100, [&](ImageView view) {
      AddSaltPepperNoise(view, {amount, salt, per_channel}, kKey, view);
    });
    *same = channels[0] == channels[1] && channels[1] == channels[2];
    double worst = 0;
    for (const auto& channel : channels) {
      double white = 0;
      double black = 0;
      for (const double v : channel) {
        white += v == 255;
        black += v == 0;
      }
      worst = std::max(worst, std::abs(ShareError(white, kCount, 0.2 * 0.3)));
      worst = std::max(worst, std::abs(ShareError(black, kCount, 0.2 * 0.7)));
    }
    return worst;
  };
  bool same = false;
  EXPECT_LT(errors(0.2, 0.3, false, &same), kLimit);
  EXPECT_TRUE(same);
  EXPECT_LT(errors(0.2, 0.3, true, &same), kLimit);
  EXPECT_FALSE(same);
  EXPECT_GT(errors(0.206, 0.3, false, &same), kLimit);
  EXPECT_GT(errors(0.2, 0.32, false, &same), kLimit);
}

TEST(NoiseStatisticsTest, PoissonVarianceIsItsMean) {
  const auto table = std::make_unique<PoissonTable>();
  for (const double peak : {255.0, 2000.0}) {
    const auto made = [&](double actual) {
      MakePoissonTable(actual, table.get());
      return Channels(100, [&](ImageView view) { AddPoissonNoise(view, *table, kKey, view); });
    };
    // At a peak of 255 counts are results; else rounding adds its twelfth.
    const double std = std::sqrt(100 * 255 / peak + (peak == 255 ? 0 : 1.0 / 12));
    EXPECT_LT(WorstOfMoments(made(peak), 100, std), kLimit) << peak;
    EXPECT_GT(WorstOfMoments(made(peak * 0.95), 100, std), kLimit) << peak;
  }
}

TEST(NoiseStatisticsTest, FewPhotonsGiveFewLevels) {
  const auto table = std::make_unique<PoissonTable>();
  MakePoissonTable(3, table.get());
  EXPECT_EQ(table->level_count, 4u);
  const auto channels =
      Channels(85, [&](ImageView view) { AddPoissonNoise(view, *table, kKey, view); });
  double hits[256] = {};
  for (const double v : channels[0]) ++hits[static_cast<size_t>(v)];
  const double p = std::exp(-1.0);  // a mean of one photon
  EXPECT_LT(std::abs(ShareError(hits[0], 512 * 512, p)), kLimit);
  EXPECT_LT(std::abs(ShareError(hits[85], 512 * 512, p)), kLimit);
  EXPECT_LT(std::abs(ShareError(hits[170], 512 * 512, p / 2)), kLimit);
  EXPECT_EQ(hits[0] + hits[85] + hits[170] + hits[255], 512 * 512);
}

// The CDF of a table against sums of all terms.
TEST(PoissonTableTest, ProbabilitiesAreExactToTheUnit) {
  const auto table = std::make_unique<PoissonTable>();
  for (const double peak : {0.001, 1.0, 7.3, 255.0, 1100.0, 1500.0, 4000.0, 100000.0, 1e6}) {
    MakePoissonTable(peak, table.get());
    for (uint32_t x = 1; x<256; x += peak> 1e5 ? 127 : 31) {
      const double mean = x / 255.0 * peak;
      // Terms over the largest one, from where they matter.
      const double mode = std::floor(mean);
      const double reach = std::floor(12 * std::sqrt(mean)) + 60;
      std::vector<double> terms;
      const double first = std::max(0.0, mode - reach);
      double term = 1;
      for (double k = mode; k > first; --k) term *= k / mean;
      double sum = 0;
      for (double k = first; k < mode + reach; ++k) {
        terms.push_back(term);
        sum += term;
        term *= mean / (k + 1);
      }
      double below = 0;
      size_t level = 0;
      for (size_t i = 0; i < terms.size(); ++i) {
        const double k = first + static_cast<double>(i);
        const double value = std::min(std::nearbyint(k / peak * 255), 255.0);
        while (table->level[level] < value) {
          ASSERT_NEAR(table->end[x][level], below / sum * 0x1p31, 1.01)
              << "peak " << peak << " x " << x << " level " << int{table->level[level]};
          ++level;
        }
        below += terms[i];
      }
      ASSERT_EQ(table->end[x][table->level_count - 1], 0x80000000u);
    }
  }
}

TEST(PoissonTableTest, NoLightGivesNoCount) {
  const auto table = std::make_unique<PoissonTable>();
  std::vector<uint8_t> black(3000, 0);
  for (const double peak : {0.5, 255.0, 1e6}) {
    MakePoissonTable(peak, table.get());
    AddPoissonNoise({black.data(), 1000, 1, 3, 3000}, *table, kKey,
                    {black.data(), 1000, 1, 3, 3000});
    EXPECT_EQ(black, std::vector<uint8_t>(3000, 0));
  }
}

}  // namespace
}  // namespace headrace::simd
