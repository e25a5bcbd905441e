#include "jpeg_scan_maker.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace headrace::fuzz {
namespace {

struct Code {
  uint8_t symbol;
  uint8_t length;
  uint16_t bits;
};
using CodeTable = std::vector<Code>;

// Tables by class and number: DC 0 to 3, AC 4 to 7.
using CodeTables = std::array<CodeTable, 8>;

void ReadTables(const ByteVector& payload, CodeTables* tables) {
  size_t at = 0;
  while (at + 17 <= payload.size()) {
    const uint8_t name = payload[at];
    const uint8_t* counts = &payload[at + 1];
    at += 17;
    CodeTable table;
    uint32_t code = 0;
    for (uint32_t length = 1; length <= 16; ++length, code <<= 1) {
      for (uint32_t i = 0; i < counts[length - 1] && at < payload.size(); ++i, ++at, ++code) {
        table.push_back({payload[at], static_cast<uint8_t>(length), static_cast<uint16_t>(code)});
      }
    }
    const size_t slot = (name & 3u) + (name >> 4 != 0 ? 4u : 0u);
    (*tables)[slot] = std::move(table);
  }
}

class BitWriter {
 public:
  void Put(uint32_t bits, uint32_t count) {
    for (uint32_t i = count; i > 0; --i) {
      byte_ = byte_ << 1 | (bits >> (i - 1) & 1);
      if (++used_ == 8) Flush();
    }
  }
  void Align(uint32_t fill) {
    while (used_ != 0) Put(fill & 1, 1);
  }
  void Marker(uint8_t marker) {
    bytes_.push_back(0xFF);
    bytes_.push_back(marker);
  }
  ByteVector& bytes() { return bytes_; }

 private:
  void Flush() {
    bytes_.push_back(static_cast<uint8_t>(byte_));
    if (bytes_.back() == 0xFF) bytes_.push_back(0);
    byte_ = 0;
    used_ = 0;
  }

  ByteVector bytes_;
  uint32_t byte_ = 0;
  uint32_t used_ = 0;
};

struct Scan {
  struct Component {
    const CodeTable* dc;
    const CodeTable* ac;
    uint32_t blocks;  // an MCU
  };
  std::vector<Component> components;
  uint32_t mcus = 0;
  uint32_t restart_interval = 0;
};

uint32_t DivideUp(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

// From the pieces up to the first scan.
std::optional<Scan> DescribeScan(JpegPieces& pieces, CodeTables* tables) {
  const JpegPiece* frame = FindFrame(pieces);
  const size_t sos = FindMarker(pieces, kSos);
  if (frame == nullptr || sos == pieces.size()) return {};
  if (frame->marker != kSof0 && frame->marker != kSof1) return {};
  Scan scan;
  for (size_t i = 0; i < sos; ++i) {
    const ByteVector& payload = pieces[i].payload;
    if (pieces[i].marker == kDht) ReadTables(payload, tables);
    if (pieces[i].marker == kDri && payload.size() >= 2) {
      scan.restart_interval = uint32_t{payload[0]} << 8 | payload[1];
    }
  }
  const ByteVector& sof = frame->payload;
  const ByteVector& head = pieces[sos].payload;
  if (sof.size() < 6 || head.empty() || head[0] == 0 || head[0] > 4) return {};
  const uint32_t count = sof[5];
  if (count == 0 || count > 4 || sof.size() < 6 + size_t{count} * 3) return {};
  if (head.size() < 1 + size_t{head[0]} * 2) return {};
  uint32_t across_max = 1;
  uint32_t down_max = 1;
  for (uint32_t c = 0; c < count; ++c) {
    const uint8_t factors = sof[6 + c * 3 + 1];
    if (factors >> 4 == 0 || (factors & 15) == 0) return {};
    across_max = std::max<uint32_t>(across_max, factors >> 4);
    down_max = std::max<uint32_t>(down_max, factors & 15);
  }
  const uint32_t height = uint32_t{sof[1]} << 8 | sof[2];
  const uint32_t width = uint32_t{sof[3]} << 8 | sof[4];
  scan.mcus = DivideUp(width, 8 * across_max) * DivideUp(height, 8 * down_max);
  for (uint32_t s = 0; s < head[0]; ++s) {
    uint32_t c = 0;
    while (c < count && sof[6 + c * 3] != head[1 + s * 2]) ++c;
    if (c == count) return {};
    const uint8_t factors = sof[6 + c * 3 + 1];
    const uint8_t numbers = head[2 + s * 2];
    const uint32_t across = factors >> 4;
    const uint32_t down = factors & 15;
    if (head[0] == 1) {
      scan.mcus = DivideUp(DivideUp(width * across, across_max), 8) *
                  DivideUp(DivideUp(height * down, down_max), 8);
    }
    scan.components.push_back({&(*tables)[(numbers >> 4) & 3], &(*tables)[4 + (numbers & 3)],
                               head[0] == 1 ? 1 : across * down});
    if (scan.components.back().dc->empty() || scan.components.back().ac->empty()) return {};
  }
  return scan;
}

// What: the codes of one block after the other. The choices that make a whole scan sparse or dense,
// tame or wild, are made once.
class BlockMaker {
 public:
  BlockMaker(Random& random, BitWriter& writer)
      : random_(random),
        writer_(writer),
        ends_one_in_(1u << random.Below(6)),
        wild_one_in_(random.OneIn(6) ? 40 : 1u << 30),
        values_(random.Below(4)) {}

  void Dc(const CodeTable& table, int32_t* prediction) {
    const Code code = Pick(table, 11, 0);
    writer_.Put(code.bits, code.length);
    const uint32_t size = code.symbol & 15;
    uint32_t bits = Value(size);
    // Towards the middle of the range, mostly: sums of 8-bit pictures stay within 11 bits.
    if (size > 0 && !random_.OneIn(8) && std::abs(*prediction) > 512) {
      const uint32_t sign = 1u << (size - 1);
      bits = *prediction < 0 ? bits | sign : bits & ~sign;
    }
    writer_.Put(bits, size);
    const int32_t most = (1 << size) - 1;
    *prediction += size == 0              ? 0
                   : (bits >> (size - 1)) ? static_cast<int32_t>(bits)
                                          : static_cast<int32_t>(bits) - most;
  }

  void Ac(const CodeTable& table) {
    const auto ends = [](const Code& code) {
      return (code.symbol & 15) == 0 && code.symbol >> 4 != 15;
    };
    const auto end_code = std::find_if(table.begin(), table.end(), ends);
    for (uint32_t k = 0; k < 63;) {
      Code code = Pick(table, 10, 63 - k);
      if (end_code != table.end() && random_.OneIn(ends_one_in_)) code = *end_code;
      writer_.Put(code.bits, code.length);
      if (ends(code)) return;
      writer_.Put(Value(code.symbol & 15), code.symbol & 15);
      k += 1u + (code.symbol >> 4);
    }
  }

 private:
  // Any code; of a few tries the first that is neither too long a value nor goes too far.
  Code Pick(const CodeTable& table, uint32_t bits_max, uint32_t room) {
    Code code = table[random_.Below(static_cast<uint32_t>(table.size()))];
    if (random_.OneIn(wild_one_in_)) return code;
    for (int i = 0; i < 12; ++i) {
      const bool fits = room == 0 || 1u + (code.symbol >> 4) <= room;
      if ((code.symbol & 15u) <= bits_max && fits) return code;
      code = table[random_.Below(static_cast<uint32_t>(table.size()))];
    }
    return code;
  }

  uint32_t Value(uint32_t size) {
    const uint32_t ones = (1u << size) - 1;
    switch (values_) {
      case 0: return ones;                         // the largest
      case 1: return random_.OneIn(2) ? 0 : ones;  // the largest of either sign
      case 2: return (ones + 1) >> 1;              // the smallest
      default: return random_.Next() & ones;
    }
  }

  Random& random_;
  BitWriter& writer_;
  const uint32_t ends_one_in_;
  const uint32_t wild_one_in_;
  const uint32_t values_;
};

}  // namespace

ByteVector RandomHuffmanTable(Random& random, uint8_t class_and_number) {
  const bool is_dc = class_and_number >> 4 == 0;
  // The symbols, each once.
  ByteVector symbols;
  const bool odd = random.OneIn(16);
  for (uint32_t symbol = 0; symbol < (is_dc ? 16u : 256u); ++symbol) {
    const uint32_t size = symbol & 15;
    const bool usual =
        is_dc ? size <= 11 : size <= 10 && (size > 0 || symbol == 0 || symbol == 0xF0);
    if (usual || odd) symbols.push_back(static_cast<uint8_t>(symbol));
  }
  for (size_t i = symbols.size(); i > 1; --i) {
    std::swap(symbols[i - 1], symbols[random.Below(static_cast<uint32_t>(i))]);
  }
  symbols.resize(1 + random.Below(static_cast<uint32_t>(symbols.size())));
  if (!is_dc && !random.OneIn(8)) {
    const auto end = std::find(symbols.begin(), symbols.end(), uint8_t{0});
    if (end == symbols.end()) symbols[0] = 0;
  }
  // How many codes of each length: some prefix always stays free, so that all ones is no code.
  ByteVector table(17, 0);
  table[0] = class_and_number;
  uint32_t left = static_cast<uint32_t>(symbols.size());
  uint32_t free_codes = 1;
  const uint32_t first = random.Between(1, 9);
  for (uint32_t length = 1; length <= 16; ++length) {
    free_codes *= 2;
    uint32_t take = length < first ? 0 : random.Below(std::min(left, free_codes - 1) + 1);
    // All that are left must find room behind.
    const auto fits = [&](uint32_t taken) {
      return ((free_codes - taken) << (16 - length)) - 1 >= left - taken;
    };
    while (!fits(take) && take < std::min(left, free_codes - 1)) ++take;
    if (length == 16) take = left;
    table[length] = static_cast<uint8_t>(take);
    left -= take;
    free_codes -= take;
  }
  table.insert(table.end(), symbols.begin(), symbols.end());
  return table;
}

bool RewriteScan(JpegPieces& pieces, Random& random, size_t bytes_max) {
  CodeTables tables;
  const std::optional<Scan> scan = DescribeScan(pieces, &tables);
  if (!scan) return false;
  BitWriter writer;
  BlockMaker maker(random, writer);
  const uint32_t fill = random.OneIn(8) ? 0 : 1;
  std::vector<int32_t> predictions(scan->components.size(), 0);
  for (uint32_t mcu = 0; mcu < scan->mcus && writer.bytes().size() < bytes_max; ++mcu) {
    if (scan->restart_interval > 0 && mcu > 0 && mcu % scan->restart_interval == 0) {
      writer.Align(fill);
      const uint32_t number = mcu / scan->restart_interval - 1;
      writer.Marker(static_cast<uint8_t>(kRst0 + number % 8));
      std::fill(predictions.begin(), predictions.end(), 0);
    }
    for (size_t c = 0; c < scan->components.size(); ++c) {
      for (uint32_t block = 0; block < scan->components[c].blocks; ++block) {
        maker.Dc(*scan->components[c].dc, &predictions[c]);
        maker.Ac(*scan->components[c].ac);
      }
    }
  }
  writer.Align(fill);
  pieces[FindMarker(pieces, kSos)].data = std::move(writer.bytes());
  return true;
}

}  // namespace headrace::fuzz
