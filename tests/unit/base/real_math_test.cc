// The functions of real_math.h against the C library's 80-bit forms, in units of the last place of
// a double.
#include "base/real_math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/rng.h"

namespace headrace {
namespace {

// Distance of `value` from `exact` in units of the last place of the double nearest to exact.
double Ulps(double value, long double exact) {
  const double nearest = static_cast<double>(exact);
  if (value == nearest) return 0;
  int exponent = 0;
  std::frexp(nearest, &exponent);
  const double ulp = std::ldexp(1.0, std::max(exponent - 53, -1074));
  return static_cast<double>(std::fabs(static_cast<long double>(value) - exact) / ulp);
}

RandomStream Stream(const char* name) {
  StreamAddress address;
  address.name = name;
  return RandomStream(address);
}

// A double with random mantissa and an exponent in [low, high].
double RandomDouble(RandomStream& stream, int low, int high) {
  const uint64_t mantissa =
      ((uint64_t{stream.NextU32()} << 32) | stream.NextU32()) & 0xFFFFFFFFFFFFFull;
  const int exponent =
      low + static_cast<int>(stream.NextBelow(static_cast<uint32_t>(high - low + 1)));
  return std::ldexp(std::bit_cast<double>(mantissa | (uint64_t{1023} << 52)), exponent);
}

TEST(RealLogTest, IsWithinTwoUlpsOverTheWholeRange) {
  RandomStream stream = Stream("log");
  double worst = 0;
  for (int i = 0; i < 200000; ++i) {
    const double x = RandomDouble(stream, -1022, 1022);
    worst = std::max(worst, Ulps(RealLog(x), std::log(static_cast<long double>(x))));
  }
  RecordProperty("worst_ulps", std::to_string(worst));
  EXPECT_LT(worst, 2.0);
}

// Where the draws live, and where log is near zero and cancellation would show.
TEST(RealLogTest, IsWithinThreeUlpsNearOne) {
  RandomStream stream = Stream("log near one");
  double worst = 0;
  for (int i = 0; i < 200000; ++i) {
    const double sign = i % 2 == 0 ? 1.0 : -1.0;
    const double x = 1.0 + sign * RandomDouble(stream, -40, -2);
    worst = std::max(worst, Ulps(RealLog(x), std::log(static_cast<long double>(x))));
  }
  RecordProperty("worst_ulps", std::to_string(worst));
  EXPECT_LT(worst, 3.0);
}

TEST(RealLogTest, IsExactAtOneAndRightAtTheEnds) {
  EXPECT_EQ(RealLog(1.0), 0.0);
  EXPECT_LT(Ulps(RealLog(std::numeric_limits<double>::max()),
                 std::log(static_cast<long double>(std::numeric_limits<double>::max()))),
            2.0);
  for (const double x : {std::numeric_limits<double>::min(), 0x1p-1074, 0x1.8p-1060}) {
    EXPECT_LT(Ulps(RealLog(x), std::log(static_cast<long double>(x))), 2.0) << x;
  }
}

TEST(RealExpTest, IsWithinTwoUlpsOverTheNormalRange) {
  RandomStream stream = Stream("exp");
  double worst = 0;
  for (int i = 0; i < 200000; ++i) {
    const double x = stream.NextUniform(-708.0, 709.7);
    worst = std::max(worst, Ulps(RealExp(x), std::exp(static_cast<long double>(x))));
  }
  for (int i = 0; i < 200000; ++i) {
    const double x = stream.NextUniform(-2.0, 2.0);
    worst = std::max(worst, Ulps(RealExp(x), std::exp(static_cast<long double>(x))));
  }
  RecordProperty("worst_ulps", std::to_string(worst));
  EXPECT_LT(worst, 2.0);
}

TEST(RealExpTest, GoesThroughTheDenormalsToZeroAndToInfinity) {
  EXPECT_EQ(RealExp(0.0), 1.0);
  EXPECT_EQ(RealExp(-746.0), 0.0);
  EXPECT_EQ(RealExp(-1e300), 0.0);
  EXPECT_EQ(RealExp(-std::numeric_limits<double>::infinity()), 0.0);
  EXPECT_EQ(RealExp(710.0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(RealExp(1e300), std::numeric_limits<double>::infinity());
  for (const double x : {-744.0, -730.0, -710.0, -708.5}) {
    EXPECT_LT(Ulps(RealExp(x), std::exp(static_cast<long double>(x))), 2.0) << x;
  }
}

TEST(RealExpTest, UndoesRealLog) {
  RandomStream stream = Stream("both");
  for (int i = 0; i < 10000; ++i) {
    const double x = RandomDouble(stream, -10, 10);
    EXPECT_NEAR(RealExp(RealLog(x)) / x, 1.0, 1e-14);
  }
}

// The same bits on every machine: golden results, which only IEEE arithmetic in the written order
// gives (a fused multiply-add or another library changes the last place of some).
TEST(RealMathTest, GivesTheSameBitsEverywhere) {
  uint64_t digest = 0xcbf29ce484222325;
  const auto feed = [&digest](double value) {
    digest = (digest ^ std::bit_cast<uint64_t>(value)) * 0x100000001b3;
  };
  RandomStream stream = Stream("golden");
  for (int i = 0; i < 20000; ++i) {
    feed(RealLog(RandomDouble(stream, -60, 60)));
    feed(RealExp(stream.NextUniform(-50, 50)));
  }
  EXPECT_EQ(digest, 0xdfdee629ff3eb3ef);
}

// The C library's 80-bit forms round once more, which may cost a last place where two doubles are
// almost equally near.
template <class Ours, class Exact>
void ExpectRounded(const char* name, double most, const Ours& ours, const Exact& exact) {
  RandomStream stream = Stream(name);
  int missed = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = i % 2 == 0 ? stream.NextUniform(-most, most) : stream.NextUniform(-1.6, 1.6);
    const long double right = exact(static_cast<long double>(x));
    missed += ours(x) != static_cast<double>(right) ? 1 : 0;
    ASSERT_LT(Ulps(ours(x), right), 0.51) << name << " of " << x;
  }
  EXPECT_LT(missed, 100) << name;
}

TEST(RealAnglesTest, AreRoundedCorrectly) {
  using Long = long double;
  ExpectRounded("sin", 1e5, RealSin, [](Long x) { return std::sin(x); });
  ExpectRounded("cos", 1e5, RealCos, [](Long x) { return std::cos(x); });
  ExpectRounded("tan", 1e5, RealTan, [](Long x) { return std::tan(x); });
  ExpectRounded("atan", 1e6, RealAtan, [](Long x) { return std::atan(x); });
}

TEST(RealAnglesTest, KnowTheirZeros) {
  for (const double zero : {0.0, -0.0}) {
    EXPECT_EQ(std::signbit(RealSin(zero)), std::signbit(zero));
    EXPECT_EQ(std::signbit(RealTan(zero)), std::signbit(zero));
    EXPECT_EQ(std::signbit(RealAtan(zero)), std::signbit(zero));
    EXPECT_EQ(RealCos(zero), 1.0);
  }
  EXPECT_EQ(RealSin(0x1.921fb54442d18p+1), 0x1.1a62633145c07p-53);
  EXPECT_EQ(RealCos(0x1.921fb54442d18p+0), 0x1.1a62633145c07p-54);
}

// Bits that every machine must give.
TEST(RealAnglesTest, AreTheSameEverywhere) {
  EXPECT_EQ(RealSin(0.3), 0x1.2e9cd95baba33p-2);
  EXPECT_EQ(RealCos(-2.5), -0x1.9a2f7ef858b7dp-1);
  EXPECT_EQ(RealTan(1.25), 0x1.8139943e231a8p+1);
  EXPECT_EQ(RealAtan(0.09), 0x1.6fa6446b1cb54p-4);
}

TEST(RealMathTest, TheShortFormsHaveTenDigits) {
  RandomStream stream = Stream("short");
  for (int i = 0; i < 100000; ++i) {
    const double x = RandomDouble(stream, i % 2 == 0 ? -1000 : -3, i % 2 == 0 ? 1000 : 3);
    const double log_x = std::log(x);
    ASSERT_NEAR(RealLogShort(x), log_x, 1e-9 * (1 + std::abs(log_x))) << x;
    const double y = stream.NextUniform(-700, 700) * (i % 3 == 0 ? 0.01 : 1);
    ASSERT_NEAR(RealExpShort(y) / std::exp(y), 1.0, 1e-9) << y;
  }
  EXPECT_EQ(RealLogShort(1.0), 0.0);
  EXPECT_EQ(RealExpShort(0.0), 1.0);
}

}  // namespace
}  // namespace headrace
