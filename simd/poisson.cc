#include "simd/poisson.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/real_math.h"
#include "simd/noise.h"

namespace headrace::simd {
namespace {

constexpr double kWords = 0x1p31;  // all of them
constexpr uint32_t kCellBits = 23;
constexpr uint32_t kCellWords = 1u << kCellBits;

// Above this mean few of the counts end a level, and the asymptotic CDF is exact enough.
constexpr double kSummedMeanMax = 1024;

// The result for a count.
int LevelOf(double count, double peak) {
  return static_cast<int>(std::min(std::nearbyint(count / peak * 255), 255.0));
}

// The counts at which the levels end: last[i] is the last count of level[i]. The last level has no
// end.
void MakeLevels(double peak, PoissonTable* table, double* last) {
  uint32_t count = 0;
  double before = -1;
  for (int level = 0; level < 255; ++level) {
    double end = std::floor((level + 0.5) * peak / 255);
    while (LevelOf(end, peak) > level) --end;
    while (LevelOf(end + 1, peak) <= level) ++end;
    if (end == before) continue;  // no count gives this level
    table->level[count] = static_cast<uint8_t>(level);
    last[count++] = end;
    before = end;
  }
  table->level[count++] = 255;
  table->level_count = count;
}

// The CDF at last[0..], by summing probabilities.
void SumCdf(double mean, std::span<const double> last, double* cdf) {
  constexpr double kNegligible = 0x1p-50;  // of the largest term
  constexpr int kTermsMax = 1024;          // 8.4 standard deviations either way are 540
  double term[kTermsMax];
  const double mode = std::floor(mean);
  // Terms over the largest, downwards first; then in order.
  int count = 0;
  double first = mode;
  for (double p = 1; p > kNegligible && first >= 0 && count < kTermsMax / 2; --first) {
    term[count++] = p;
    p = p * first / mean;
  }
  ++first;
  std::reverse(term, term + count);
  double p = 1;
  for (double k = mode + 1; count < kTermsMax; ++k) {
    p = p * mean / k;
    if (p <= kNegligible) break;
    term[count++] = p;
  }
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += term[i];
  double below = 0;
  int added = 0;
  for (size_t i = 0; i < last.size(); ++i) {
    for (; added < count && first + added <= last[i]; ++added) below += term[added];
    cdf[i] = below / sum;
  }
}

// The Mills ratio of the normal distribution, (1 - Phi(z)) / phi(z), whose Taylor coefficients
// follow from M' = z M - 1.
constexpr double MillsFrom(double z, double mills, double step) {
  double before = mills;
  double coefficient = z * mills - 1;
  double power = step;
  double sum = mills;
  for (int n = 1; n <= 12; ++n) {
    sum += coefficient * power;
    const double next = (z * coefficient + before) / (n + 1);
    before = coefficient;
    coefficient = next;
    power *= step;
  }
  return sum;
}

constexpr double kMillsStep = 1.0 / 16;
constexpr int kMillsCount = 145;  // up to z = 9
constexpr std::array<double, kMillsCount> MakeMills() {
  std::array<double, kMillsCount> mills{};
  // Laplace's continued fraction at the far end; from there down errors shrink.
  double z = (kMillsCount - 1) * kMillsStep;
  double fraction = z;
  for (int k = 60; k >= 1; --k) fraction = z + k / fraction;
  mills[kMillsCount - 1] = 1 / fraction;
  for (int i = kMillsCount - 1; i > 0; --i) {
    mills[i - 1] = MillsFrom(i * kMillsStep, mills[i], -kMillsStep);
  }
  return mills;
}
constexpr std::array<double, kMillsCount> kMills = MakeMills();

// P(K <= k) = Q(k + 1, mean), the regularised upper incomplete gamma function, by Temme's expansion
// (DLMF 8.12.4 and 8.12.10), its coefficients taken as series around the mean.
double AsymptoticCdf(double mean, double k) {
  const double a = k + 1;
  const double mu = (mean - a) / a;
  // eta^2 / 2 = mu - log(1 + mu); |mu| is below 0.3 here.
  double half = 0;
  double power = mu;
  for (int n = 2; n <= 20; ++n) {
    power *= -mu;
    half -= power / n;
  }
  const double eta = std::copysign(std::sqrt(2 * half), mu);
  const double z = std::abs(eta) * std::sqrt(a);
  if (z > 8.5) return mu > 0 ? 0 : 1;
  const double density = RealExp(-a * half) * 0.3989422804014327;  // 1 / sqrt(2 pi)
  const int nearest = static_cast<int>(z / kMillsStep + 0.5);
  const double grid = nearest * kMillsStep;
  const double tail = density * MillsFrom(grid, kMills[nearest], z - grid);
  const double c0 =
      -1.0 / 3 +
      eta * (1.0 / 12 +
             eta * (-2.0 / 135 +
                    eta * (1.0 / 864 +
                           eta * (1.0 / 2835 + eta * (-139.0 / 777600 + eta * (1.0 / 25515))))));
  const double c1 = -1.0 / 540 + eta * (-1.0 / 288 + eta * (1.0 / 378 + eta * (-77.0 / 77760)));
  const double c2 = 25.0 / 6048;
  const double rest = density / std::sqrt(a) * (c0 + (c1 + c2 / a) / a);
  return (mu > 0 ? tail : 1 - tail) + rest;
}

void ComputeCdf(double mean, std::span<const double> last, double* cdf) {
  if (mean <= kSummedMeanMax) return SumCdf(mean, last, cdf);
  const double reach = 8 * std::sqrt(mean);
  for (size_t i = 0; i < last.size(); ++i) {
    cdf[i] = last[i] < mean - reach ? 0 : last[i] > mean + reach ? 1 : AsymptoticCdf(mean, last[i]);
  }
}

void MakeShortcuts(const uint32_t* end, uint32_t* shortcut) {
  uint32_t i = 0;
  for (uint32_t cell = 0; cell < 256; ++cell) {
    const uint32_t start = cell << kCellBits;
    while (end[i] <= start) ++i;
    const uint32_t left = end[i] - start;
    if (left >= kCellWords) {
      shortcut[cell] = kCellWords << 8 | i;
    } else if (end[i + 1] - start >= kCellWords) {
      shortcut[cell] = left << 8 | i;
    } else {
      shortcut[cell] = PoissonTable::kSearch;
    }
  }
}

}  // namespace

void MakePoissonTable(double peak, PoissonTable* table) {
  double last[256];
  double cdf[256];
  MakeLevels(peak, table, last);
  const uint32_t ends = table->level_count - 1;
  for (uint32_t x = 0; x < 256; ++x) {
    uint32_t* end = table->end[x].data();
    if (x == 0) {
      std::fill_n(cdf, ends, 1.0);  // no light, no count
    } else {
      ComputeCdf(x / 255.0 * peak, {last, ends}, cdf);
    }
    for (uint32_t i = 0; i < ends; ++i) {
      end[i] = static_cast<uint32_t>(std::clamp(cdf[i], 0.0, 1.0) * kWords + 0.5);
    }
    std::fill(end + ends, end + 256, static_cast<uint32_t>(kWords));
    MakeShortcuts(end, table->shortcut[x].data());
  }
}

void AddPoissonNoise(const ConstImageView& source, const PoissonTable& table, uint64_t key,
                     const ImageView& target) {
  constexpr size_t kChunk = 1024;
  uint32_t words[kChunk];
  const size_t row_bytes = target.row_bytes();
  for (uint32_t y = 0; y < target.height; ++y) {
    const uint8_t* from = source.Row(y);
    uint8_t* to = target.Row(y);
    for (size_t start = 0; start < row_bytes; start += kChunk) {
      const size_t count = std::min(kChunk, row_bytes - start);
      MakeNoiseWords(key, uint64_t{y} * row_bytes + start, {words, count});
      for (size_t i = 0; i < count; ++i) {
        const uint8_t x = from[start + i];
        const uint32_t word = words[i] >> 1;
        const uint32_t shortcut = table.shortcut[x][word >> kCellBits];
        uint32_t level = (shortcut & 255) + ((word & (kCellWords - 1)) >= shortcut >> 8 ? 1 : 0);
        if (shortcut == PoissonTable::kSearch) {
          const auto& end = table.end[x];
          level = static_cast<uint32_t>(std::ranges::upper_bound(end, word) - end.begin());
        }
        to[start + i] = table.level[level];
      }
    }
  }
}

}  // namespace headrace::simd
