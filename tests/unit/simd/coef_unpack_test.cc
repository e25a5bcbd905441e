#include "simd/coef_unpack.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>

#include "simd/reference_coef.h"
#include "tests/unit/simd/coef_chunks.h"
#include "tests/unit/simd/pictures.h"

namespace headrace::simd {
namespace {

// What an unpacking gave; none: it said that the chunks are damaged.
struct Unpacked {
  std::vector<NaturalBlock> blocks;  // whole chunks
  std::vector<uint8_t> last;
  size_t bytes = 0;  // of the chunks
};

enum class By : uint8_t { kTarget, kTwin };

std::optional<Unpacked> Unpack(const CoefChunks& chunks, uint32_t blocks, By by) {
  const uint32_t places = (blocks + kCoefChunkBlocks - 1) / kCoefChunkBlocks * kCoefChunkBlocks;
  // Exactly as much behind the chunks as may be read, and not the same for both.
  std::vector<uint8_t> bytes = chunks.bytes;
  bytes.resize(bytes.size() + kCoefOverreadBytes, by == By::kTarget ? 0xA5 : 0x5A);
  constexpr int16_t kGuard = 0x5AA5;
  struct alignas(64) Line {
    int16_t values[32];
  };
  std::vector<Line> memory(size_t{places} * 2 + 1);
  int16_t* coefficients = memory[0].values;
  std::fill_n(coefficients, memory.size() * 32, kGuard);
  std::vector<uint8_t> last(places + 1, 0xEE);
  const CoefRun run = {
      chunks.table.data(), bytes.data(), bytes.data() + chunks.bytes.size(), blocks,
      coefficients,        last.data()};
  const uint32_t group = IdctGroupBlocks();
  const uint8_t* end =
      by == By::kTarget ? UnpackCoefficients(run) : reference::UnpackCoefficients(run, group);
  EXPECT_EQ(coefficients[size_t{places} * 64], kGuard);
  EXPECT_EQ(last[places], 0xEE);
  if (end == nullptr) return std::nullopt;
  Unpacked unpacked;
  unpacked.bytes = static_cast<size_t>(end - bytes.data());
  for (uint32_t b = 0; b < places; ++b) {
    NaturalBlock block;
    for (size_t k = 0; k < 64; ++k) {
      block[k] = coefficients[b / group * group * 64 + (k / 8 * group + b % group) * 8 + k % 8];
    }
    unpacked.blocks.push_back(block);
  }
  last.pop_back();
  unpacked.last = last;
  return unpacked;
}

// Blocks of all kinds: empty, flat, sparse, dense, with values that need a byte or more.
std::vector<NaturalBlock> RandomBlocks(size_t count, std::mt19937& random) {
  constexpr int kLimits[] = {3, 7, 8, 60, 127, 128, 129, 2047, 32767};
  std::vector<NaturalBlock> blocks(count);
  const bool one_kind = random() % 2 == 0;
  const uint32_t kind = static_cast<uint32_t>(random() % kBlockKinds);
  const int limit = kLimits[random() % 9];
  for (NaturalBlock& block : blocks) {
    const int ends[] = {63, 9, 0, static_cast<int>(random() % 64)};
    block = MakeBlock(static_cast<BlockKind>(one_kind ? kind : random() % kBlockKinds),
                      one_kind ? limit : kLimits[random() % 9], ends[random() % 4], random);
    if (random() % 8 == 0) block[random() % 64] = INT16_MIN;
    if (random() % 8 == 0)
      block[1 + random() % 63] = static_cast<int16_t>(random() % 2 ? -128 : -8);
  }
  return blocks;
}

// The form that Idct may take.
uint8_t FormOf(const NaturalBlock& block) {
  uint8_t form = 0;
  for (size_t k = 1; k < 64; ++k) {
    if (block[k] == 0) continue;
    form = std::max<uint8_t>(form, k / 8 < 4 && k % 8 < 4 ? 9 : 63);
  }
  return form;
}

void ExpectBlocks(const std::vector<NaturalBlock>& blocks, bool wide) {
  const CoefChunks chunks = MakeChunks(blocks, wide);
  for (const By by : {By::kTarget, By::kTwin}) {
    const auto unpacked = Unpack(chunks, static_cast<uint32_t>(blocks.size()), by);
    ASSERT_TRUE(unpacked.has_value()) << blocks.size();
    EXPECT_EQ(unpacked->bytes, chunks.bytes.size());
    for (size_t b = 0; b < unpacked->blocks.size(); ++b) {
      const NaturalBlock wanted = b < blocks.size() ? blocks[b] : NaturalBlock{};
      ASSERT_EQ(unpacked->blocks[b], wanted) << b << " of " << blocks.size();
      bool patched = false;
      for (size_t k = 1; k < 64; ++k) patched = patched || wanted[k] < -128 || wanted[k] > 127;
      ASSERT_EQ(unpacked->last[b], patched ? 63 : FormOf(wanted)) << b;
    }
  }
}

class CoefUnpackOnTarget : public EveryTarget {};
HEADRACE_ON_EVERY_TARGET(CoefUnpackOnTarget);

TEST_P(CoefUnpackOnTarget, GivesBackEveryCoefficient) {
  const uint32_t seed = PropertySeed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const int rounds = has_one_lane() ? 100 : 1500;
  for (int round = 0; round < rounds; ++round) {
    ExpectBlocks(RandomBlocks(1 + random() % 40, random), random() % 4 == 0);
    if (HasFatalFailure()) return;
  }
}

TEST_P(CoefUnpackOnTarget, TakesTheExtremes) {
  std::mt19937 random(1);
  for (const int value :
       {0, 1, -1, 7, -7, 8, -8, 127, -127, 128, -128, 129, -129, 2047, -2048, 32767, -32768}) {
    for (const uint32_t count : {1, 7, 8, 9, 16}) {
      NaturalBlock dense;
      dense.fill(static_cast<int16_t>(value));
      ExpectBlocks(std::vector<NaturalBlock>(count, dense), false);
      // DC from one end to the other, and AC with it.
      std::vector<NaturalBlock> blocks(count);
      for (uint32_t b = 0; b < count; ++b) blocks[b][0] = static_cast<int16_t>(b % 2 ? value : -1);
      ExpectBlocks(blocks, false);
      blocks[count / 2][63] = static_cast<int16_t>(value);
      ExpectBlocks(blocks, true);
      if (HasFatalFailure()) return;
    }
  }
}

// A block's form follows from the places that its coefficients have.
TEST_P(CoefUnpackOnTarget, OneCoefficientAnywhere) {
  for (size_t place = 0; place < 64; ++place) {
    std::vector<NaturalBlock> blocks(11);
    for (size_t b = 0; b < blocks.size(); b += 2) blocks[b][place] = static_cast<int16_t>(b + 3);
    ExpectBlocks(blocks, false);
    if (HasFatalFailure()) return;
  }
}

TEST_P(CoefUnpackOnTarget, HasTheVerdictOfItsTwinOnDamagedChunks) {
  const uint32_t seed = PropertySeed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const int rounds = has_one_lane() ? 500 : 20000;
  int damaged = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::vector<NaturalBlock> blocks = RandomBlocks(1 + random() % 20, random);
    CoefChunks chunks = MakeChunks(blocks, random() % 4 == 0);
    for (uint32_t left = 1 + random() % 3; left > 0; --left) {
      std::vector<uint8_t>& bytes = random() % 4 == 0 ? chunks.table : chunks.bytes;
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0: bytes[at] ^= static_cast<uint8_t>(1u << random() % 8); break;
        case 1: bytes[at] = static_cast<uint8_t>(random()); break;
        case 2: bytes[at] = 0xFF; break;
        default: chunks.bytes.resize(random() % (chunks.bytes.size() + 1)); break;
      }
      if (chunks.bytes.empty()) break;
    }
    const auto count = static_cast<uint32_t>(blocks.size());
    const auto got = Unpack(chunks, count, By::kTarget);
    const auto wanted = Unpack(chunks, count, By::kTwin);
    ASSERT_EQ(got.has_value(), wanted.has_value()) << round;
    if (!got.has_value()) {
      ++damaged;
      continue;
    }
    ASSERT_EQ(got->bytes, wanted->bytes) << round;
    ASSERT_EQ(got->blocks, wanted->blocks) << round;
    ASSERT_EQ(got->last, wanted->last) << round;
  }
  EXPECT_GT(damaged, rounds / 4);
  EXPECT_LT(damaged, rounds);
}

}  // namespace
}  // namespace headrace::simd
