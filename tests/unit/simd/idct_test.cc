#include "simd/idct.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "simd/reference_idct.h"
#include "tests/unit/simd/idct_blocks.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

constexpr IdctSize kSizes[] = {IdctSize::k8, IdctSize::k4, IdctSize::k2, IdctSize::k1};

std::array<int16_t, 64> AsTable(const NaturalDivisors& divisors) {
  std::array<int16_t, 64> table;
  for (size_t i = 0; i < 64; ++i) table[i] = static_cast<int16_t>(divisors[i]);
  return table;
}

// Runs the blocks through Idct and its twin: samples, guard bytes and cleared coefficients.
void ExpectTwin(const std::vector<NaturalBlock>& blocks, const std::vector<uint8_t>& last,
                const NaturalDivisors& divisors, IdctSize size, std::mt19937& random) {
  const auto side = static_cast<uint32_t>(size);
  const auto count = static_cast<uint32_t>(blocks.size());
  GuardedPicture got({count * side, side}, 1, random() % 4);
  GuardedPicture wanted({count * side, side}, 1);
  const std::array<int16_t, 64> table = AsTable(divisors);
  for (uint32_t i = 0; i < count; ++i) {
    reference::IdctBlock(blocks[i].data(), table.data(), size,
                         wanted.view().Row(0) + size_t{i} * side, wanted.view().stride_bytes);
  }
  GroupedBlocks grouped(blocks, last, random);
  IdctTable grouped_table;
  MakeIdctTable(divisors.data(), &grouped_table);
  Idct({grouped.coefficients(), grouped.last(), count, got.view().Row(0), got.view().stride_bytes},
       grouped_table, size);
  ASSERT_EQ(got.Dense(), wanted.Dense()) << count << " blocks to " << side;
  ASSERT_TRUE(got.GuardsAreIntact()) << count << " blocks to " << side;
  ASSERT_TRUE(grouped.IsClear()) << count << " blocks to " << side;
}

class IdctOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(IdctOnTarget);

TEST_P(IdctOnTarget, EqualsItsTwinWhateverTheCoefficients) {
  const uint32_t seed = PropertySeed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  constexpr int kLimits[] = {127, 1023, 8192, 32767};
  const int rounds = has_one_lane() ? 20 : 600;
  for (int round = 0; round < rounds; ++round) {
    const auto divisor_kind = static_cast<DivisorKind>(round % kDivisorKinds);
    const NaturalDivisors divisors = MakeDivisors(divisor_kind, random);
    std::vector<NaturalBlock> blocks(1 + static_cast<size_t>(round) % 13);
    std::vector<uint8_t> last;
    // All of one kind, or neighbours of different kinds in a group.
    const uint32_t kind = static_cast<uint32_t>(random() % (2 * kBlockKinds));
    for (NaturalBlock& block : blocks) {
      const auto block_kind =
          static_cast<BlockKind>(kind < kBlockKinds ? kind : random() % kBlockKinds);
      // Half of them without an end, the other half one of the short forms.
      const int ends[] = {63, 63, 9, static_cast<int>(random() % 64)};
      const int end = ends[random() % 4];
      block = MakeBlock(block_kind, kLimits[random() % 4], end, random);
      if (random() % 8 == 0) block[random() % 64] = INT16_MIN;
      last.push_back(std::max(LastOf(block), static_cast<uint8_t>(random() % 2 == 0 ? end : 0)));
    }
    for (const IdctSize size : kSizes) ExpectTwin(blocks, last, divisors, size, random);
    if (HasFatalFailure()) return;
  }
}

TEST_P(IdctOnTarget, TakesAFormThatCoversTheLastCoefficient) {
  std::mt19937 random(7);
  const NaturalDivisors divisors = MakeDivisors(DivisorKind::kPhotograph, random);
  for (int last = 0; last < 64; ++last) {
    for (size_t at = 0; at < 5; ++at) {
      // One block decides for its group.
      std::vector<NaturalBlock> blocks(5);
      for (NaturalBlock& block : blocks) block[0] = static_cast<int16_t>(random() % 60);
      blocks[at][ZigzagPlaces()[static_cast<size_t>(last)]] = 50;
      std::vector<uint8_t> lasts(5, 0);
      lasts[at] = static_cast<uint8_t>(last);
      for (const IdctSize size : kSizes) ExpectTwin(blocks, lasts, divisors, size, random);
      if (HasFatalFailure()) return;
    }
  }
}

// The first row shifts out of 16 bits between 8191 and 8192.
TEST_P(IdctOnTarget, TheShortWayOfFlatBlocksWraps) {
  std::mt19937 random(11);
  NaturalDivisors divisors;
  divisors.fill(1);
  for (const int value : {8190, 8191, 8192, 8193, 16383, 16384, 32767, -8192, -8193, -32768}) {
    for (const size_t place : {size_t{0}, size_t{3}}) {
      for (size_t at = 0; at < 4; ++at) {
        std::vector<NaturalBlock> blocks(4);
        blocks[at][place] = static_cast<int16_t>(value);
        // A neighbour that takes the long way with the same value.
        blocks[(at + 1) % 4][place] = static_cast<int16_t>(value);
        blocks[(at + 1) % 4][8 * 7 + 7] = 1;
        // And one that does so to 8 samples but not to 4.
        blocks[(at + 2) % 4][place] = static_cast<int16_t>(value);
        blocks[(at + 2) % 4][8 * 4] = 1;
        std::vector<uint8_t> last;
        for (const NaturalBlock& block : blocks) last.push_back(LastOf(block));
        for (const IdctSize size : kSizes) ExpectTwin(blocks, last, divisors, size, random);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(IdctOnTarget, AGroupFitsAVector) {
  const uint32_t blocks = IdctGroupBlocks();
  EXPECT_TRUE(blocks == 1 || blocks == 2 || blocks == 4) << blocks;
  EXPECT_LE(blocks, kIdctGroupBlocksMax);
  NaturalDivisors divisors;
  for (size_t i = 0; i < 64; ++i) divisors[i] = static_cast<uint16_t>(65535 - i);
  IdctTable table;
  MakeIdctTable(divisors.data(), &table);
  for (size_t i = 0; i < size_t{64} * blocks; ++i) {
    const size_t row = i / (8 * blocks);
    ASSERT_EQ(static_cast<uint16_t>(table.values[i]), divisors[row * 8 + i % 8]) << i;
  }
}

// The sample of a block whose coefficients are those of a flat area is the same at every size.
TEST(IdctTest, FlatBlocksKeepTheirMean) {
  for (int mean = 0; mean < 256; ++mean) {
    NaturalBlock block = {};
    block[0] = static_cast<int16_t>(mean - 128);
    std::array<int16_t, 64> divisors;
    divisors.fill(8);
    for (const IdctSize size : kSizes) {
      uint8_t out[64];
      reference::IdctBlock(block.data(), divisors.data(), size, out, 8);
      for (size_t y = 0; y < static_cast<size_t>(size); ++y) {
        for (size_t x = 0; x < static_cast<size_t>(size); ++x) ASSERT_EQ(out[y * 8 + x], mean);
      }
    }
  }
}

// The transform as the JPEG standard defines it (ITU-T T.81, A.3.3).
std::array<double, 64> ExactSamples(const NaturalBlock& block, const NaturalDivisors& divisors) {
  std::array<double, 64> samples = {};
  for (size_t at = 0; at < 64; ++at) {
    double sum = 0;
    for (size_t k = 0; k < 64; ++k) {
      const double v = static_cast<double>(k / 8);
      const double u = static_cast<double>(k % 8);
      const double scale = (k / 8 == 0 ? std::numbers::sqrt2 / 2 : 1.0) *
                           (k % 8 == 0 ? std::numbers::sqrt2 / 2 : 1.0) / 4;
      sum += scale * block[k] * divisors[k] *
             std::cos((2.0 * static_cast<double>(at / 8) + 1) * v * std::numbers::pi / 16) *
             std::cos((2.0 * static_cast<double>(at % 8) + 1) * u * std::numbers::pi / 16);
    }
    samples[at] = std::clamp(sum + 128, 0.0, 255.0);
  }
  return samples;
}

TEST(IdctTest, IsWithinOneOfTheDefinition) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    const NaturalDivisors divisors = MakeDivisors(DivisorKind::kPhotograph, random);
    const NaturalBlock block = MakeBlock(BlockKind::kPhotograph, 200, 63, random);
    const std::array<double, 64> exact = ExactSamples(block, divisors);
    uint8_t out[64];
    reference::IdctBlock(block.data(), AsTable(divisors).data(), IdctSize::k8, out, 8);
    for (size_t i = 0; i < 64; ++i) ASSERT_NEAR(out[i], exact[i], 1.0) << round << " at " << i;
    // Fewer samples are about the means of theirs.
    uint8_t mean;
    reference::IdctBlock(block.data(), AsTable(divisors).data(), IdctSize::k1, &mean, 1);
    const double dc = std::clamp(block[0] * divisors[0] / 8.0 + 128, 0.0, 255.0);
    ASSERT_NEAR(mean, dc, 0.5) << round;
  }
}

}  // namespace
}  // namespace headrace::simd
