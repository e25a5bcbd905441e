#include "base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

namespace headrace {
namespace {

StreamAddress Address(uint64_t seed, uint32_t epoch, uint64_t unit, std::string_view name,
                      uint32_t occurrence = 0, uint32_t view = 0) {
  StreamAddress address;
  address.seed = seed;
  address.epoch = epoch;
  address.unit = unit;
  address.name = name;
  address.occurrence = occurrence;
  address.view = view;
  return address;
}

std::array<uint32_t, 6> FirstSix(const StreamAddress& address) {
  RandomStream stream(address);
  std::array<uint32_t, 6> words{};
  for (uint32_t& word : words) word = stream.NextU32();
  return words;
}

// Pearson's statistic of `counts` against equal expectations.
double ChiSquare(const std::vector<uint64_t>& counts) {
  uint64_t total = 0;
  for (const uint64_t count : counts) total += count;
  const double expected = static_cast<double>(total) / static_cast<double>(counts.size());
  double sum = 0;
  for (const uint64_t count : counts) {
    const double difference = static_cast<double>(count) - expected;
    sum += difference * difference / expected;
  }
  return sum;
}

// The vectors of the Random123 distribution (kat_vectors, philox4x32 with 10 rounds).
TEST(PhiloxTest, GivesTheKnownAnswersOfRandom123) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, 0, 0),
            (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(Philox4x32({kOnes, kOnes, kOnes, kOnes}, kOnes, kOnes),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// The packing of docs/rng.md, written out once more and independently: FNV-1a of name, occurrence
// and view in word 1, the unit's low half in word 2, its next byte and the epoch in word 3.
TEST(RandomStreamTest, PacksTheAddressAsDocumented) {
  const StreamAddress address =
      Address(0x0123456789abcdef, 7, 0xab'0000'002aull, "random_resized_crop", 1, 2);
  uint32_t purpose = 0x811c9dc5;
  std::vector<uint8_t> bytes(address.name.begin(), address.name.end());
  for (const uint8_t byte : {1, 0, 0, 0, 2, 0, 0, 0}) bytes.push_back(byte);
  for (const uint8_t byte : bytes) purpose = (purpose ^ byte) * 0x01000193;

  const uint32_t epoch_word = (7u << 8) | 0xab;
  const PhiloxBlock first = Philox4x32({0, purpose, 0x2a, epoch_word}, 0x89abcdef, 0x01234567);
  const PhiloxBlock second = Philox4x32({1, purpose, 0x2a, epoch_word}, 0x89abcdef, 0x01234567);
  EXPECT_EQ(FirstSix(address), (std::array<uint32_t, 6>{first[0], first[1], first[2], first[3],
                                                        second[0], second[1]}));
}

// Golden words: docs/rng.md prints the same table, and a change of either changes every pixel.
TEST(RandomStreamTest, GivesTheWordsOfTheDocumentedVectors) {
  EXPECT_EQ(FirstSix(Address(0, 0, 0, "order", 0, 0)),
            (std::array<uint32_t, 6>{0x72109cbb, 0x16404892, 0xfe46ff04, 0xd174a660, 0xa6f6bd8a,
                                     0x0393c752}));
  EXPECT_EQ(FirstSix(Address(0, 0, 0, "random_resized_crop", 0, 0)),
            (std::array<uint32_t, 6>{0x95451351, 0xa13f076e, 0x881e7adf, 0xda243ebd, 0xcdbd88a4,
                                     0x87e2a3c2}));
  EXPECT_EQ(FirstSix(Address(0, 0, 0x1, "random_resized_crop", 0, 0)),
            (std::array<uint32_t, 6>{0x51c1928d, 0xbc706384, 0x14b8c5f5, 0x8bc33a2b, 0x908a743d,
                                     0x8a628a85}));
  EXPECT_EQ(FirstSix(Address(0x2a, 3, 0x12d687, "random_horizontal_flip", 0, 0)),
            (std::array<uint32_t, 6>{0x40ca414b, 0x15fd9780, 0x012f1fd2, 0xbf48be19, 0x02b4a6cc,
                                     0x6679622c}));
  EXPECT_EQ(FirstSix(Address(0x2a, 3, 0x12d687, "random_horizontal_flip", 1, 0)),
            (std::array<uint32_t, 6>{0x50803ac1, 0xb22ba71b, 0xf95fda4b, 0xd2986e4e, 0x86bffbac,
                                     0x6ff18dbf}));
  EXPECT_EQ(FirstSix(Address(0x123456789abcdef, 7, 0xab0000002a, "random_resized_crop", 1, 2)),
            (std::array<uint32_t, 6>{0x37db9d97, 0xd96004c3, 0xf26ff656, 0x5ba5cdbc, 0x8075a7e7,
                                     0xda318633}));
  EXPECT_EQ(FirstSix(Address(0x2a, 3, 0x11, "mix/cutmix", 0, 0)),
            (std::array<uint32_t, 6>{0x7ff0218f, 0xbb62b38b, 0x57c8cbd6, 0x5ef34944, 0xbe362f96,
                                     0x2d44af82}));
}

// Each kind of draw from the start of one stream, to the last bit (docs/rng.md prints them too).
TEST(RandomStreamTest, GivesTheDrawsOfTheDocumentedVectors) {
  const auto Stream = [] { return RandomStream(Address(42, 3, 1234567, "random_resized_crop")); };
  EXPECT_EQ(Stream().NextUnit(), 0x1.6ebfb6p-1);
  EXPECT_EQ(Stream().NextUniform(-10.0, 30.0), 0x1.2a6fa38p+4);
  EXPECT_EQ(Stream().NextBelow(1000), 0x1.66p+9);
  EXPECT_EQ(Stream().NextLogUniform(0.75, 1.25), 0x1.14d4708b5e5fbp+0);
  EXPECT_EQ(Stream().NextNormal(), 0x1.10b4b175a5f7dp-2);
  EXPECT_EQ(Stream().NextLogGamma(0.2), -0x1.eefc3422cf184p-1);
  EXPECT_EQ(Stream().NextLogGamma(2.5), 0x1.e5d22a78e3e56p-1);
  EXPECT_EQ(Stream().NextBeta(0.2, 0.2), 0x1.ffc2b2fa975c1p-1);
  EXPECT_EQ(Stream().NextBeta(1.0, 1.0), 0x1.6dadc9ef5ba6ap-2);
}

TEST(RandomStreamTest, GivesOtherNumbersWhenAnyPartOfTheAddressDiffers) {
  const std::vector<StreamAddress> addresses = {
      Address(1, 2, 3, "a"),       Address(2, 2, 3, "a"), Address(1 + (1ull << 32), 2, 3, "a"),
      Address(1, 3, 3, "a"),       Address(1, 2, 4, "a"), Address(1, 2, 3 + (1ull << 32), "a"),
      Address(1, 2, 3, "b"),       Address(1, 2, 3, ""),  Address(1, 2, 3, "a", 1),
      Address(1, 2, 3, "a", 0, 1),
  };
  std::set<std::array<uint32_t, 6>> seen;
  for (const StreamAddress& address : addresses) seen.insert(FirstSix(address));
  EXPECT_EQ(seen.size(), addresses.size());
}

TEST(RandomStreamTest, DoesNotDependOnTheOrderInWhichStreamsAreUsed) {
  RandomStream alone(Address(5, 0, 9, "crop"));
  std::array<uint32_t, 9> expected{};
  for (uint32_t& word : expected) word = alone.NextU32();

  RandomStream other(Address(5, 0, 10, "crop"));
  RandomStream interleaved(Address(5, 0, 9, "crop"));
  for (const uint32_t word : expected) {
    (void)other.NextU32();
    EXPECT_EQ(interleaved.NextU32(), word);
  }
}

// Every op and mix name of the configuration, and the sampler's purposes, with the occurrences and
// views that real lists have: a collision of the 32-bit hash would make two ops draw alike.
TEST(RandomStreamTest, SeparatesAllNamesInUse) {
  constexpr std::string_view kNames[] = {"random_horizontal_flip",
                                         "random_vertical_flip",
                                         "random_rotation",
                                         "random_affine",
                                         "random_perspective",
                                         "random_zoom",
                                         "random_zoom_out",
                                         "random_crop",
                                         "center_crop",
                                         "resize",
                                         "random_resized_crop",
                                         "pad",
                                         "brightness",
                                         "contrast",
                                         "saturation",
                                         "hue",
                                         "color_jitter",
                                         "random_grayscale",
                                         "gaussian_blur",
                                         "gaussian_noise",
                                         "salt_pepper_noise",
                                         "speckle_noise",
                                         "poisson_noise",
                                         "posterize",
                                         "solarize",
                                         "solarize_add",
                                         "equalize",
                                         "autocontrast",
                                         "invert",
                                         "sharpness",
                                         "random_erasing",
                                         "cutout",
                                         "auto_augment",
                                         "rand_augment",
                                         "trivial_augment_wide",
                                         "aug_mix",
                                         "random_color_filter",
                                         "instaboost",
                                         "object_zoom",
                                         "instaboost/groups",
                                         "object_zoom/draws",
                                         "mix/mixup",
                                         "mix/mixup/element",
                                         "mix/cutmix",
                                         "mix/cutmix/element",
                                         "mix/rmix",
                                         "mix/rmix/quantile",
                                         "mix/ace",
                                         "batch/ace",
                                         "mix",
                                         "order",
                                         "order/runs",
                                         "order/weights",
                                         "substitute/weights",
                                         "order/window",
                                         "substitute",
                                         "search/random",
                                         "search/evolution",
                                         "search/reinforce",
                                         "search/ppo",
                                         "search/seed",
                                         "search/rescore",
                                         "search/baseline"};
  std::set<std::array<uint32_t, 6>> seen;
  size_t streams = 0;
  for (const std::string_view name : kNames) {
    for (uint32_t occurrence = 0; occurrence < 4; ++occurrence) {
      for (uint32_t view = 0; view < 3; ++view) {
        seen.insert(FirstSix(Address(0, 0, 0, name, occurrence, view)));
        ++streams;
      }
    }
  }
  EXPECT_EQ(seen.size(), streams);
}

TEST(RandomStreamTest, DrawsUnitsOnAGridOf24BitsBelowOne) {
  RandomStream stream(Address(1, 0, 0, "unit"));
  RandomStream words(Address(1, 0, 0, "unit"));
  for (int i = 0; i < 10000; ++i) {
    const double unit = stream.NextUnit();
    ASSERT_GE(unit, 0.0);
    ASSERT_LT(unit, 1.0);
    ASSERT_EQ(unit * 0x1p24, static_cast<double>(words.NextU32() >> 8));
  }
}

TEST(RandomStreamTest, FillsTheUnitIntervalEvenly) {
  RandomStream stream(Address(3, 0, 0, "even"));
  std::vector<uint64_t> counts(256, 0);
  for (int i = 0; i < 256 * 400; ++i) ++counts[static_cast<size_t>(stream.NextUnit() * 256)];
  // 255 degrees of freedom: the 0.1 % and 99.9 % points. Too even would be wrong as well.
  EXPECT_GT(ChiSquare(counts), 190.0);
  EXPECT_LT(ChiSquare(counts), 330.5);
}

// The same counts with one part in fifty missing from one cell in eight: the test above would see
// it.
TEST(RandomStreamTest, ChiSquareSeesASmallBias) {
  RandomStream stream(Address(3, 0, 0, "even"));
  std::vector<uint64_t> counts(256, 0);
  for (int i = 0; i < 256 * 400; ++i) {
    size_t cell = static_cast<size_t>(stream.NextUnit() * 256);
    if (cell % 8 == 0 && i % 5 == 0) cell = (cell + 1) % 256;
    ++counts[cell];
  }
  EXPECT_GT(ChiSquare(counts), 330.5);
}

// Neighbouring samples have neighbouring counters: their first draws must look independent.
TEST(RandomStreamTest, IsEvenAcrossSamplesAtTheSameDraw) {
  std::vector<uint64_t> counts(256, 0);
  uint32_t previous = 0;
  std::vector<uint64_t> pairs(256, 0);
  for (uint64_t id = 0; id < 256 * 400; ++id) {
    RandomStream stream(Address(0, 0, id, "random_resized_crop"));
    const uint32_t word = stream.NextU32();
    ++counts[word >> 24];
    ++pairs[((word >> 28) << 4) | (previous >> 28)];
    previous = word;
  }
  EXPECT_LT(ChiSquare(counts), 330.5);
  EXPECT_LT(ChiSquare(pairs), 330.5);
}

TEST(RandomStreamTest, DrawsIntegersBelowTheBoundWithoutBias) {
  for (const uint32_t bound : {1u, 2u, 3u, 7u, 10u, 1000u}) {
    RandomStream stream(Address(11, 0, bound, "below"));
    std::vector<uint64_t> counts(bound, 0);
    for (uint32_t i = 0; i < bound * 200 + 10000; ++i) {
      const uint32_t value = stream.NextBelow(bound);
      ASSERT_LT(value, bound);
      ++counts[value];
    }
    const double freedom = bound - 1;
    // Mean + 5 deviations of chi-square, and something for the skew of few degrees of freedom.
    EXPECT_LT(ChiSquare(counts), freedom + 5 * std::sqrt(2 * freedom) + 6) << bound;
  }
}

// With a bound of 3 * 2^30 a plain multiply-shift hits every third value twice as often.
TEST(RandomStreamTest, RejectsWhatWouldBiasALargeBound) {
  RandomStream stream(Address(12, 0, 0, "below"));
  constexpr uint32_t kBound = 3u << 30;
  std::vector<uint64_t> residues(3, 0);
  for (int i = 0; i < 30000; ++i) ++residues[stream.NextBelow(kBound) % 3];
  EXPECT_LT(ChiSquare(residues), 13.8);  // 2 degrees of freedom, 0.1 %

  RandomStream plain(Address(12, 0, 0, "below"));
  std::vector<uint64_t> biased(3, 0);
  for (int i = 0; i < 30000; ++i) ++biased[((uint64_t{plain.NextU32()} * kBound) >> 32) % 3];
  EXPECT_GT(ChiSquare(biased), 1000.0);
}

TEST(RandomStreamTest, TakesADrawEvenWhenTheBoundLeavesNoChoice) {
  RandomStream one(Address(1, 0, 0, "x"));
  RandomStream two(Address(1, 0, 0, "x"));
  EXPECT_EQ(one.NextBelow(1), 0u);
  (void)two.NextU32();
  EXPECT_EQ(one.NextU32(), two.NextU32());
}

TEST(RandomStreamTest, FixesAUniformWhoseEndsAreEqual) {
  RandomStream stream(Address(1, 0, 0, "x"));
  EXPECT_EQ(stream.NextUniform(30.0, 30.0), 30.0);
}

}  // namespace
}  // namespace headrace
