// timm's strings: what they mean, how they are printed back, what is refused.
#include "loader/augment/timm_string.h"

#include <gtest/gtest.h>

#include <string>

namespace headrace::loader {
namespace {

TimmRand Parsed(std::string_view text) {
  TimmRand rand;
  TimmStringError error;
  EXPECT_TRUE(ParseTimmRand(text, &rand, &error)) << text << ": " << error.found;
  EXPECT_TRUE(error.found.empty());
  return rand;
}

TEST(TimmStringTest, EveryPartIsReadInAnyOrder) {
  const TimmRand wanted = {.magnitude = 9,
                           .layers = 3,
                           .p = 0.75,
                           .magnitude_spread = 0.5,
                           .magnitude_max = 12,
                           .increasing = true};
  EXPECT_EQ(Parsed("rand-m9-n3-p0.75-mstd0.5-mmax12-inc1"), wanted);
  EXPECT_EQ(Parsed("rand-inc1-mmax12-mstd0.5-p0.75-n3-m9"), wanted);
}

TEST(TimmStringTest, WhatIsNotSaidIsTimmsDefault) {
  EXPECT_EQ(Parsed("rand"), TimmRand{});
  EXPECT_EQ(Parsed("rand-m9-mstd0.5-inc1"),
            (TimmRand{.magnitude = 9, .magnitude_spread = 0.5, .increasing = true}));
}

TEST(TimmStringTest, QuirksAreResolved) {
  EXPECT_FALSE(Parsed("rand-inc0").increasing);
  EXPECT_TRUE(Parsed("rand-inc").increasing);
  EXPECT_TRUE(Parsed("rand-inc1").increasing);
  EXPECT_EQ(Parsed("rand-m7.25").magnitude, 7.25);
  EXPECT_EQ(Parsed("rand-mstd101").magnitude_spread, 101);
}

TEST(TimmStringTest, PrintedTextsAreReadBackAndStay) {
  EXPECT_EQ(TimmRandText(Parsed("rand-inc-m9-mstd0.5")), "rand-m9-n2-p0.5-mstd0.5-mmax10-inc1");
  for (const char* text : {"rand", "rand-m0.00001-p0.1", "rand-m999.9999999999999-n0-mstd1000",
                           "rand-mmax0.3333333333333333-inc", "rand-p1-n16"}) {
    const TimmRand rand = Parsed(text);
    EXPECT_EQ(Parsed(TimmRandText(rand)), rand) << TimmRandText(rand);
    EXPECT_EQ(TimmRandText(Parsed(TimmRandText(rand))), TimmRandText(rand));
  }
}

TEST(TimmStringTest, EverythingElseIsAnError) {
  struct Bad {
    const char* text;
    const char* found;
    const char* allowed;
  };
  const Bad kBad[] = {
      {"", "\"\"", "rand-m9"},
      {"augmix-m3", "\"augmix-m3\"", "rand-m9"},
      {"randm9", "\"randm9\"", "rand-m9"},
      {"rand-", "\"\"", "the parts"},
      {"rand--m9", "\"\"", "the parts"},
      {"rand-q3", "\"q3\"", "the parts"},
      {"rand-w0", "\"w0\"", "the parts"},
      {"rand-9", "\"9\"", "the parts"},
      {"rand-m", "\"m\"", "m and a number from 0 to 1000"},
      {"rand-m1.2.3", "\"m1.2.3\"", "m and a number"},
      {"rand-m1e1", "\"m1e1\"", "m and a number"},
      {"rand-m1001", "\"m1001\"", "from 0 to 1000"},
      {"rand-m.", "\"m.\"", "m and a number"},
      {"rand-m0.0000000000000000000000000001", "m and", "m and a number"},
      {"rand-n2.5", "\"n2.5\"", "n and an integer from 0 to 16"},
      {"rand-n17", "\"n17\"", "n and an integer from 0 to 16"},
      {"rand-p1.5", "\"p1.5\"", "p and a number from 0 to 1"},
      {"rand-inc2", "\"inc2\"", "inc, inc1 or inc0"},
      {"rand-inc1.0", "\"inc1.0\"", "inc, inc1 or inc0"},
      {"rand-m9-m9", "\"m9\"", "once"},
      {"rand-inc-inc1", "\"inc1\"", "once"},
      {"rand-tmine", "\"tmine\"", "tweights"},
      {"rand-m9 ", "\"m9 \"", "m and a number"},
      {"Rand-m9", "\"Rand-m9\"", "rand-m9"},
  };
  for (const Bad& bad : kBad) {
    TimmRand rand;
    TimmStringError error;
    EXPECT_FALSE(ParseTimmRand(bad.text, &rand, &error)) << bad.text;
    EXPECT_FALSE(error.not_built) << bad.text;
    if (std::string_view(bad.found).starts_with('"')) {
      EXPECT_EQ(error.found, "found " + std::string(bad.found));
    }
    EXPECT_NE(error.allowed.find(bad.allowed), std::string::npos) << error.allowed;
  }
}

TEST(TimmStringTest, SetsOfOpsAreForLater) {
  for (const char* text : {"rand-tweights", "rand-m9-t3a", "rand-t3aw-inc1"}) {
    TimmRand rand;
    TimmStringError error;
    EXPECT_FALSE(ParseTimmRand(text, &rand, &error));
    EXPECT_TRUE(error.not_built);
  }
}

}  // namespace
}  // namespace headrace::loader
