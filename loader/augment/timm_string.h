// timm's way to write a RandAugment: "rand-m9-n2-p0.5-mstd0.5-mmax10-inc1".
//
// Parts behind "rand" in any order, each a key and a number. Three readings differ from timm's own:
// inc0 means off and a bare inc means on (there, inc0 is on and a bare inc is ignored), m may be
// fractional, and unknown parts are errors. Called at open; may allocate.
#pragma once

#include <string>
#include <string_view>

namespace headrace::loader {

struct TimmRand {
  double magnitude = 10;        // m: level, 0 to 10 and beyond if mmax allows
  int layers = 2;               // n: ops in a row
  double p = 0.5;               // p: chance of each to be applied
  double magnitude_spread = 0;  // mstd: standard deviation of the level; above 100 the level is
                                // uniform between 0 and m
  double magnitude_max = 10;    // mmax: levels are cut to [0, mmax]
  bool increasing = false;      // inc: ops whose strength rises with the level

  friend bool operator==(const TimmRand&, const TimmRand&) = default;
};
inline constexpr double kTimmUniformSpread = 100;

struct TimmStringError {
  std::string found;  // "found \"q3\" in ..."; empty: no error
  std::string allowed;
  bool not_built = false;  // right, but not in this version
};

[[nodiscard]] bool ParseTimmRand(std::string_view text, TimmRand* rand, TimmStringError* error);

// Every part, in one order; numbers as short as they read back.
std::string TimmRandText(const TimmRand& rand);

}  // namespace headrace::loader
