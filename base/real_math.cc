#include "base/real_math.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace headrace {
namespace {

// ln 2 in two parts: the first has 21 trailing zero bits, so k * kLn2High is exact for |k| < 2^20.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kInvLn2 = 0x1.71547652b82fep+0;

// 2^k for k in [-1022, 1023].
double PowerOfTwo(int k) { return std::bit_cast<double>(static_cast<uint64_t>(k + 1023) << 52); }

}  // namespace

double RealLog(double x) {
  int exponent = 0;
  if (x < 0x1p-1022) {  // a denormal: scale it into the normal range first
    x *= 0x1p54;
    exponent = -54;
  }
  uint64_t bits = std::bit_cast<uint64_t>(x);
  exponent += static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFull) | (uint64_t{1023} << 52));
  if (m > 0x1.6a09e667f3bcdp+0) {  // keep m in [sqrt(1/2), sqrt(2)], where the series is short
    m *= 0.5;
    ++exponent;
  }
  // log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.1716: the odd series to s^21.
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double series = 0.0;
  for (int k = 21; k >= 3; k -= 2) series = (series + 1.0 / k) * z;
  const double k = exponent;
  return k * kLn2High + (2.0 * s + (2.0 * s * series + k * kLn2Low));
}

double RealExp(double x) {
  if (x > 709.78) return std::numeric_limits<double>::infinity();
  if (x < -745.0) return 0.0;
  // x = k ln 2 + r with |r| <= ln2 / 2; adding a half and truncating rounds to the nearest k.
  const double scaled = x * kInvLn2;
  const int k = static_cast<int>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double r = (x - k * kLn2High) - k * kLn2Low;
  // The Taylor series to r^14 by Horner's rule; the next term is below 2^-60.
  double sum = 1.0;
  for (int n = 14; n >= 1; --n) sum = 1.0 + sum * r / n;
  // Two steps, so that results below the normal range are reached without overflow of 2^k.
  const int half = k / 2;
  return sum * PowerOfTwo(half) * PowerOfTwo(k - half);
}

double RealLogShort(double x) {
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFull) | (uint64_t{1023} << 52));
  if (m > 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    ++exponent;
  }
  // As RealLog, to s^9: the next term is below 2^-30.
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  const double series = z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9))));
  return exponent * (kLn2High + kLn2Low) + (2.0 * s + 2.0 * s * series);
}

double RealExpShort(double x) {
  const double scaled = x * kInvLn2;
  const int k = static_cast<int>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double r = (x - k * kLn2High) - k * kLn2Low;
  // As RealExp, to r^8: the next term is below 2^-32.
  double sum = 1.0 / 40320;
  sum = 1.0 / 5040 + sum * r;
  sum = 1.0 / 720 + sum * r;
  sum = 1.0 / 120 + sum * r;
  sum = 1.0 / 24 + sum * r;
  sum = 1.0 / 6 + sum * r;
  sum = 0.5 + sum * r;
  sum = 1.0 + sum * r;
  sum = 1.0 + sum * r;
  return sum * PowerOfTwo(k);
}

}  // namespace headrace
