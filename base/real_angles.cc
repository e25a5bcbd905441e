#include <cmath>

#include "base/real_math.h"

namespace headrace {
namespace {

// A number with twice the digits: high + low, where low is below half a unit of high's last place.
// (Dekker, "A floating-point technique for extending the available precision", 1971.)
struct Twin {
  double high;
  double low;
};

// a + b exactly, |a| >= |b|.
Twin QuickSum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

// a + b exactly.
Twin Sum(double a, double b) {
  const double sum = a + b;
  const double part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

// a * b exactly, by halves of 26 bits.
Twin Product(double a, double b) {
  constexpr double kSplit = 134217729.0;  // 2^27 + 1
  const double scaled_a = kSplit * a;
  const double scaled_b = kSplit * b;
  const double a_high = scaled_a - (scaled_a - a);
  const double b_high = scaled_b - (scaled_b - b);
  const double a_low = a - a_high;
  const double b_low = b - b_high;
  const double product = a * b;
  const double low =
      ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
  return {product, low};
}

Twin operator+(const Twin& a, const Twin& b) {
  const Twin high = Sum(a.high, b.high);
  const Twin low = Sum(a.low, b.low);
  const Twin sum = QuickSum(high.high, high.low + low.high);
  return QuickSum(sum.high, sum.low + low.low);
}

Twin operator-(const Twin& a) { return {-a.high, -a.low}; }
Twin operator-(const Twin& a, const Twin& b) { return a + -b; }

Twin operator*(const Twin& a, const Twin& b) {
  const Twin product = Product(a.high, b.high);
  return QuickSum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

Twin operator/(const Twin& a, const Twin& b) {
  const double first = a.high / b.high;
  Twin rest = a - b * Twin{first, 0};
  const double second = rest.high / b.high;
  rest = rest - b * Twin{second, 0};
  const double third = rest.high / b.high;
  return QuickSum(first, second) + Twin{third, 0};
}

// An angle as a number of quarter turns and a rest of at most pi / 4.
struct Quarter {
  int turns;
  Twin rest;
};

Quarter ReduceToQuarter(double x) {
  // pi / 2 to 160 bits.
  constexpr double kHalfPi[3] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54,
                                 -0x1.f1976b7ed8fbcp-110};
  const double turns = std::floor(x * (1 / kHalfPi[0]) + 0.5);
  Twin rest = Twin{x, 0} - Product(turns, kHalfPi[0]);
  rest = rest - Product(turns, kHalfPi[1]);
  rest = rest - Twin{turns * kHalfPi[2], 0};
  return {static_cast<int>(static_cast<long>(turns) & 3), rest};
}

// Taylor series in x^2. The first terms are summed up with twice the digits; what follows is so
// small that the digits of a double are enough.
struct Series {
  Twin terms[7];
  double rest[8];

  Twin At(const Twin& square) const {
    double tail = rest[7];
    for (int i = 6; i >= 0; --i) tail = tail * square.high + rest[i];
    Twin sum = square * Twin{tail, 0} + terms[6];
    for (int i = 5; i >= 0; --i) sum = square * sum + terms[i];
    return sum;
  }
};

// 1 / n! for odd n, and for even n, with alternating signs.
constexpr Series kSine = {{{0x1.0000000000000p+0, 0x0.0p+0},
                           {-0x1.5555555555555p-3, -0x1.5555555555555p-57},
                           {0x1.1111111111111p-7, 0x1.1111111111111p-63},
                           {-0x1.a01a01a01a01ap-13, -0x1.a01a01a01a01ap-73},
                           {0x1.71de3a556c734p-19, -0x1.c154f8ddc6c00p-73},
                           {-0x1.ae64567f544e4p-26, 0x1.c062e06d1f209p-80},
                           {0x1.6124613a86d09p-33, 0x1.f28e0cc748ebep-87}},
                          {-0x1.ae7f3e733b81fp-41, 0x1.952c77030ad4ap-49, -0x1.2f49b46814157p-57,
                           0x1.71b8ef6dcf572p-66, -0x1.761b41316381ap-75, 0x1.3f3ccdd165fa9p-84,
                           -0x1.d1ab1c2dccea3p-94, 0x1.259f98b4358adp-103}};
constexpr Series kCosine = {
    {{0x1.0000000000000p+0, 0x0.0p+0},
     {-0x1.0000000000000p-1, 0x0.0p+0},
     {0x1.5555555555555p-5, 0x1.5555555555555p-59},
     {-0x1.6c16c16c16c17p-10, 0x1.f49f49f49f49fp-65},
     {0x1.a01a01a01a01ap-16, 0x1.a01a01a01a01ap-76},
     {-0x1.27e4fb7789f5cp-22, -0x1.cbbc05b4fa99ap-76},
     {0x1.1eed8eff8d898p-29, -0x1.2aec959e14c06p-83}},
    {-0x1.93974a8c07c9dp-37, 0x1.ae7f3e733b81fp-45, -0x1.6827863b97d97p-53, 0x1.e542ba4020225p-62,
     -0x1.0ce396db7f853p-70, 0x1.f2cf01972f578p-80, -0x1.88e85fc6a4e5ap-89, 0x1.0a18a2635085dp-98}};

Twin SinOf(const Twin& x) { return x * kSine.At(x * x); }
Twin CosOf(const Twin& x) { return kCosine.At(x * x); }

// Sine and cosine of an angle.
struct Angle {
  Twin sin;
  Twin cos;
};

Angle AngleOf(double x) {
  const Quarter quarter = ReduceToQuarter(x);
  const Twin sin = SinOf(quarter.rest);
  const Twin cos = CosOf(quarter.rest);
  switch (quarter.turns) {
    case 0: return {sin, cos};
    case 1: return {cos, -sin};
    case 2: return {-sin, -cos};
    default: return {-cos, sin};
  }
}

// tan of half the angle whose tangent is x.
double HalfTangent(double x) { return x / (1 + std::sqrt(1 + x * x)); }

}  // namespace

double RealSin(double x) {
  if (x == 0) return x;
  const Quarter quarter = ReduceToQuarter(x);
  const Twin value = quarter.turns % 2 == 0 ? SinOf(quarter.rest) : CosOf(quarter.rest);
  return quarter.turns < 2 ? value.high : -value.high;
}

double RealCos(double x) {
  const Quarter quarter = ReduceToQuarter(x);
  const Twin value = quarter.turns % 2 == 0 ? CosOf(quarter.rest) : SinOf(quarter.rest);
  return quarter.turns == 0 || quarter.turns == 3 ? value.high : -value.high;
}

double RealTan(double x) {
  if (x == 0) return x;
  const Angle angle = AngleOf(x);
  return (angle.sin / angle.cos).high;
}

double RealAtan(double x) {
  if (x == 0) return x;
  // A guess to about 9 digits, by the series of a quarter of the angle.
  const double t = HalfTangent(HalfTangent(x));
  const double square = t * t;
  double series = 0;
  for (int n = 21; n >= 3; n -= 2) series = (1.0 / n - series) * square;
  const double guess = 4 * (t - t * series);
  // What it lacks is the angle whose tangent is (x cos - sin) / (cos + x sin).
  const Angle angle = AngleOf(guess);
  const Twin tangent = {x, 0};
  const Twin rest = (tangent * angle.cos - angle.sin) / (angle.cos + tangent * angle.sin);
  const Twin cube = rest * rest * rest / Twin{3, 0};
  return (Twin{guess, 0} + (rest - cube)).high;
}

}  // namespace headrace
