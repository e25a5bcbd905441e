#include "codecs/jpeg_statistics.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codecs/jpeg_huffman.h"

namespace headrace::codecs {
namespace {

constexpr uint32_t kSymbols = 256;
constexpr uint32_t kLengthMax = 16;
constexpr uint32_t kZeroRun = 0xF0;  // sixteen zeros
constexpr uint32_t kEndOfBlock = 0x00;
constexpr int32_t kAcMax = (1 << kJpegAcBitsMax) - 1;

// Zigzag index of each coefficient in row-major order.
constexpr uint8_t kZigzag[kJpegCoefficients] = {
    0,  1,  5,  6,  14, 15, 27, 28, 2,  4,  7,  13, 16, 26, 29, 42, 3,  8,  12, 17, 25, 30,
    41, 43, 9,  11, 18, 24, 31, 40, 44, 53, 10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38,
    46, 51, 55, 60, 21, 34, 37, 47, 50, 56, 59, 61, 35, 36, 48, 49, 57, 58, 62, 63};

// The two orders of a block's coefficients, and the way from one to the other for sets of them.
struct Orders {
  uint8_t row_major[kJpegCoefficients];  // of each zigzag index
  uint64_t zigzag[8][256];               // of the coefficients that are set in a row's byte
};
constexpr Orders MakeOrders() {
  Orders orders = {};
  for (uint32_t i = 0; i < kJpegCoefficients; ++i) {
    orders.row_major[kZigzag[i]] = static_cast<uint8_t>(i);
    for (uint32_t set = 0; set < 256; ++set) {
      if ((set >> i % 8 & 1) != 0) orders.zigzag[i / 8][set] |= uint64_t{1} << kZigzag[i];
    }
  }
  return orders;
}
constexpr Orders kOrders = MakeOrders();

constexpr uint32_t BitsOf(int32_t value) {
  return static_cast<uint32_t>(std::bit_width(static_cast<uint32_t>(value < 0 ? -value : value)));
}

// The same for AC coefficients, at [kAcMax + value]: a load is cheaper than finding a highest bit
// where the compiler may not use lzcnt.
struct AcBits {
  uint8_t of[2 * kAcMax + 1];
};
constexpr AcBits MakeAcBits() {
  AcBits bits = {};
  for (int32_t value = -kAcMax; value <= kAcMax; ++value) {
    bits.of[kAcMax + value] = static_cast<uint8_t>(BitsOf(value));
  }
  return bits;
}
constexpr AcBits kAcBits = MakeAcBits();

// Bit k: the coefficient of zigzag index k is not zero. The compiler makes vectors of the first
// loop.
uint64_t NonZero(const int16_t* block) {
  uint8_t is[kJpegCoefficients];
  for (uint32_t i = 0; i < kJpegCoefficients; ++i) is[i] = block[i] != 0 ? 1 : 0;
  uint64_t mask = 0;
  for (uint32_t row = 0; row < 8; ++row) {
    uint64_t bytes;
    std::memcpy(&bytes, is + row * 8, sizeof(bytes));
    // Eight bytes of 0 or 1 to eight bits, the first to the lowest.
    mask |= kOrders.zigzag[row][(bytes * 0x0102040810204080) >> 56];
  }
  return mask;
}

// AC coefficients by how far each is from the one before and by its bits, and blocks that end with
// zeros.
struct AcCounts {
  uint64_t steps[kJpegCoefficients][16] = {};  // 16: a shift gives the row
  uint64_t ends = 0;
  static_assert(kJpegAcBitsMax < 16);

  // False: a coefficient of `block` is too large.
  bool Count(const int16_t* block) {
    uint32_t before = 0;
    for (uint64_t places = NonZero(block) & ~uint64_t{1}; places != 0; places &= places - 1) {
      const auto k = static_cast<uint32_t>(std::countr_zero(places));
      const auto value = static_cast<uint32_t>(kAcMax + block[kOrders.row_major[k]]);
      if (value > 2 * kAcMax) return false;
      ++steps[k - before][kAcBits.of[value]];
      before = k;
    }
    if (before != kJpegCoefficients - 1) ++ends;
    return true;
  }

  void AddTo(uint64_t symbols[kSymbols]) const {
    for (uint32_t zeros = 0; zeros < kJpegCoefficients - 1; ++zeros) {
      for (uint32_t bits = 1; bits <= kJpegAcBitsMax; ++bits) {
        const uint64_t count = steps[zeros + 1][bits];
        symbols[kZeroRun] += zeros / 16 * count;
        symbols[zeros % 16 << 4 | bits] += count;
      }
    }
    symbols[kEndOfBlock] += ends;
  }
};

// What: the blocks of one component, MCU after MCU. Blocks outside the plane fill up the last
// MCUs: they repeat the DC value before them and have nothing else.
class ComponentCounter {
 public:
  ComponentCounter(const JpegCoefficientPlane& plane, bool alone, JpegSymbolCounts* counts)
      : plane_(plane),
        across_(alone ? 1 : plane.across),
        down_(alone ? 1 : plane.down),
        counts_(counts) {}

  void Restart() { dc_ = 0; }
  void AddAc() const { ac_.AddTo(counts_->ac); }  // once, after all blocks

  bool Count(uint32_t mcu_column, uint32_t mcu_row) {
    for (uint32_t y = 0; y < down_; ++y) {
      for (uint32_t x = 0; x < across_; ++x) {
        const uint32_t column = mcu_column * across_ + x;
        const uint32_t row = mcu_row * down_ + y;
        if (column >= plane_.blocks_across || row >= plane_.blocks_down) {
          ++counts_->dc[0];
          ++ac_.ends;
          continue;
        }
        const int16_t* block =
            plane_.coefficients + (size_t{row} * plane_.blocks_across + column) * kJpegCoefficients;
        const uint32_t size = BitsOf(block[0] - dc_);
        if (size > kJpegDcBitsMax || !ac_.Count(block)) return false;
        ++counts_->dc[size];
        dc_ = block[0];
      }
    }
    return true;
  }

 private:
  const JpegCoefficientPlane& plane_;
  const uint32_t across_;
  const uint32_t down_;
  JpegSymbolCounts* const counts_;
  AcCounts ac_;
  int32_t dc_ = 0;
};

// A tree of codes: how often its symbols occur together, and the first symbol of them.
struct Tree {
  uint64_t sum;
  uint32_t symbol;
  uint32_t node;  // its root
};
// Which is taken later: it occurs more often, or as often and its symbol comes earlier.
bool IsLater(const Tree& a, const Tree& b) {
  return a.sum != b.sum ? a.sum > b.sum : a.symbol < b.symbol;
}

// How long the code of each symbol would be, if it could have any length; 0: it does not occur.
// Symbol kSymbols, which does not exist, takes the code of all ones.
void CodeLengths(const uint64_t counts[kSymbols], uint32_t lengths[kSymbols + 1]) {
  constexpr uint32_t kNodesMax = 2 * kSymbols + 1;
  Tree heap[kSymbols + 1];
  uint32_t parent[kNodesMax] = {};  // a node of a larger number
  uint32_t depth[kNodesMax];
  uint32_t trees = 0;
  for (uint32_t symbol = 0; symbol <= kSymbols; ++symbol) {
    const uint64_t sum = symbol < kSymbols ? counts[symbol] : 1;
    if (sum != 0) heap[trees++] = {sum, symbol, symbol};
  }
  const auto take = [&] {
    std::pop_heap(heap, heap + trees, IsLater);
    return heap[--trees];
  };
  std::make_heap(heap, heap + trees, IsLater);
  uint32_t nodes = kSymbols + 1;
  while (trees > 1) {
    const Tree first = take();
    const Tree second = take();
    parent[first.node] = parent[second.node] = nodes;
    heap[trees++] = {first.sum + second.sum, first.symbol, nodes++};
    std::push_heap(heap, heap + trees, IsLater);
  }
  depth[nodes - 1] = 0;
  for (uint32_t node = nodes - 1; node-- > 0;) {
    depth[node] = parent[node] == 0 ? 0 : depth[parent[node]] + 1;
  }
  std::copy_n(depth, kSymbols + 1, lengths);
}

}  // namespace

bool CountJpegSymbols(const JpegCoefficientPlanes& planes, uint32_t restart_mcus,
                      JpegSymbolCounts counts[2]) {
  const bool alone = planes.components == 1;
  ComponentCounter counters[kJpegComponentsMax] = {
      {planes.plane[0], alone, &counts[0]},
      {planes.plane[1], alone, &counts[1]},
      {planes.plane[2], alone, &counts[1]},
  };
  const auto mcus = [&](uint32_t blocks, uint32_t factor) {
    return alone ? blocks : (blocks + factor - 1) / factor;
  };
  // All components have as many, but for those of a size that is not a whole number of MCUs.
  uint32_t across = 0;
  uint32_t down = 0;
  for (uint32_t c = 0; c < planes.components; ++c) {
    across = std::max(across, mcus(planes.plane[c].blocks_across, planes.plane[c].across));
    down = std::max(down, mcus(planes.plane[c].blocks_down, planes.plane[c].down));
  }
  uint32_t left = restart_mcus;
  for (uint32_t row = 0; row < down; ++row) {
    for (uint32_t column = 0; column < across; ++column) {
      if (restart_mcus != 0 && left-- == 0) {
        for (ComponentCounter& counter : counters) counter.Restart();
        left = restart_mcus - 1;
      }
      for (uint32_t c = 0; c < planes.components; ++c) {
        if (!counters[c].Count(column, row)) return false;
      }
    }
  }
  for (uint32_t c = 0; c < planes.components; ++c) counters[c].AddAc();
  return true;
}

JpegHuffmanSpec BestJpegHuffman(const uint64_t counts[256]) {
  uint32_t length[kSymbols + 1];
  CodeLengths(counts, length);
  uint32_t of_length[kSymbols + 2] = {};
  for (uint32_t i = 0; i <= kSymbols; ++i) ++of_length[length[i]];
  of_length[0] = 0;
  uint32_t places[kSymbols + 2] = {};  // of the next symbol of each length
  for (uint32_t l = 1; l <= kSymbols; ++l) places[l + 1] = places[l] + of_length[l];
  // Codes that are too long: one of two goes up a level, the other takes half the place of a
  // shorter one.
  for (uint32_t l = kSymbols + 1; l > kLengthMax; --l) {
    while (of_length[l] > 0) {
      uint32_t shorter = l - 2;
      while (of_length[shorter] == 0) --shorter;
      of_length[l] -= 2;
      ++of_length[l - 1];
      of_length[shorter + 1] += 2;
      --of_length[shorter];
    }
  }
  JpegHuffmanSpec spec = {};
  uint32_t last = kLengthMax;
  while (last > 0 && of_length[last] == 0) --last;
  if (last == 0) return spec;  // nothing occurs
  --of_length[last];
  for (uint32_t l = 1; l <= kLengthMax; ++l) spec.counts[l] = static_cast<uint8_t>(of_length[l]);
  // By the lengths that the codes had at first: the order is what counts, spec.counts deals them
  // out.
  for (uint32_t symbol = 0; symbol < kSymbols; ++symbol) {
    if (length[symbol] != 0) spec.symbols[places[length[symbol]]++] = static_cast<uint8_t>(symbol);
  }
  return spec;
}

}  // namespace headrace::codecs
