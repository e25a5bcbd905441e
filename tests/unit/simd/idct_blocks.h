// Blocks of coefficients for the tests of the inverse DCT: what encoders write, and what only
// damaged or hostile files hold.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include "simd/idct.h"

namespace headrace::simd {

using NaturalBlock = std::array<int16_t, 64>;      // row after row
using NaturalDivisors = std::array<uint16_t, 64>;  // row after row

// Where zigzag index i lies.
inline const std::array<uint8_t, 64>& ZigzagPlaces() {
  static const std::array<uint8_t, 64> places = [] {
    std::array<uint8_t, 64> made = {};
    int x = 0;
    int y = 0;
    for (uint8_t& place : made) {
      place = static_cast<uint8_t>(8 * y + x);
      const bool up = (x + y) % 2 == 0;
      if (up && x == 7) {
        ++y;
      } else if (up && y == 0) {
        ++x;
      } else if (!up && y == 7) {
        ++x;
      } else if (!up && x == 0) {
        ++y;
      } else {
        x += up ? 1 : -1;
        y += up ? -1 : 1;
      }
    }
    return made;
  }();
  return places;
}

inline uint8_t LastOf(const NaturalBlock& block) {
  for (uint8_t i = 63; i > 0; --i) {
    if (block[ZigzagPlaces()[i]] != 0) return i;
  }
  return 0;
}

enum class BlockKind : uint8_t {
  kPhotograph,   // large first, small last
  kNoise,        // any value everywhere
  kExtremes,     // the largest and smallest values
  kFirstRow,     // nothing below row 0
  kFirstAndMid,  // only rows 0 and 4, which the transform to 4 samples leaves out
  kFew,          // one coefficient in 24
};
constexpr int kBlockKinds = 6;

// Values of at most `limit`, at zigzag indices up to `last`.
inline NaturalBlock MakeBlock(BlockKind kind, int limit, int last, std::mt19937& random) {
  std::uniform_int_distribution<int> any(-limit, limit);
  std::uniform_int_distribution<int> one_of_4(0, 3);
  NaturalBlock block = {};
  for (int i = 0; i <= last; ++i) {
    const size_t place = ZigzagPlaces()[static_cast<size_t>(i)];
    const bool lower_row = place >= 8;
    int value = 0;
    switch (kind) {
      case BlockKind::kPhotograph: value = any(random) / (1 + i * i); break;
      case BlockKind::kNoise: value = any(random); break;
      case BlockKind::kExtremes: {
        const int choice = one_of_4(random);
        value = choice == 0 ? -limit : choice == 1 ? limit : choice - 2;
        break;
      }
      case BlockKind::kFirstRow: value = lower_row ? 0 : any(random); break;
      case BlockKind::kFirstAndMid:
        value = !lower_row || place / 8 == 4 ? any(random) >> 4 * one_of_4(random) : 0;
        break;
      case BlockKind::kFew: value = random() % 24 == 0 ? any(random) : 0; break;
    }
    block[place] = static_cast<int16_t>(value);
  }
  return block;
}

enum class DivisorKind : uint8_t { kOnes, kPhotograph, kWide, kExtremes };
constexpr int kDivisorKinds = 4;

inline NaturalDivisors MakeDivisors(DivisorKind kind, std::mt19937& random) {
  constexpr uint16_t kEdges[8] = {0, 1, 255, 8191, 8192, 32767, 32768, 65535};
  NaturalDivisors divisors;
  for (size_t i = 0; i < 64; ++i) {
    switch (kind) {
      case DivisorKind::kOnes: divisors[i] = 1; break;
      case DivisorKind::kPhotograph:
        divisors[i] = static_cast<uint16_t>(3 + (i / 8 + i % 8) * 2 + random() % 3);
        break;
      case DivisorKind::kWide: divisors[i] = static_cast<uint16_t>(random()); break;
      case DivisorKind::kExtremes: divisors[i] = kEdges[random() % 8]; break;
    }
  }
  return divisors;
}

// A row of blocks in the layout that Idct takes on this target. Entries that fill up the last group
// hold what must not matter.
class GroupedBlocks {
 public:
  GroupedBlocks(const std::vector<NaturalBlock>& blocks, const std::vector<uint8_t>& last,
                std::mt19937& random)
      : last_(last) {
    const size_t group = IdctGroupBlocks();
    const size_t places = (blocks.size() + group - 1) / group * group;
    last_.resize(places, static_cast<uint8_t>(random() % 256));
    memory_.resize(places * kIdctBlockCoefficients + kAlignment);
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    coefficients_ = memory_.data() + (64 - address % 64) % 64 / sizeof(int16_t);
    for (size_t i = 0; i < places; ++i) {
      for (size_t k = 0; k < 64; ++k) {
        const size_t at = i / group * group * 64 + (k / 8 * group + i % group) * 8 + k % 8;
        coefficients_[at] = i < blocks.size() ? blocks[i][k] : static_cast<int16_t>(random());
      }
    }
    count_ = places * kIdctBlockCoefficients;
  }
  GroupedBlocks(const GroupedBlocks&) = delete;
  GroupedBlocks& operator=(const GroupedBlocks&) = delete;

  int16_t* coefficients() { return coefficients_; }
  const uint8_t* last() const { return last_.data(); }
  bool IsClear() const {
    for (size_t i = 0; i < count_; ++i) {
      if (coefficients_[i] != 0) return false;
    }
    return true;
  }

 private:
  static constexpr size_t kAlignment = 64 / sizeof(int16_t);
  std::vector<int16_t> memory_;
  std::vector<uint8_t> last_;
  int16_t* coefficients_ = nullptr;
  size_t count_ = 0;
};

}  // namespace headrace::simd
