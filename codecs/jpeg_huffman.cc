#include "codecs/jpeg_huffman.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace headrace::codecs {
namespace {

// Calls put(length, code, symbol) for each code, shortest first, and fills `codes`. False for
// lengths that make no prefix code and for a code of only ones, as libjpeg-turbo checks them.
template <class Put>
bool ForEachCode(const JpegHuffmanSpec& spec, JpegLongCodes* codes, const Put& put) {
  std::memcpy(codes->symbols, spec.symbols, sizeof(codes->symbols));
  uint32_t code = 0;
  uint32_t number = 0;
  codes->end[0] = 0;
  for (uint32_t length = 1; length <= 16; ++length) {
    const uint32_t count = spec.counts[length];
    if (number + count > std::size(spec.symbols)) return false;
    codes->offset[length] = static_cast<int32_t>(number) - static_cast<int32_t>(code);
    for (uint32_t i = 0; i < count; ++i, ++code, ++number) {
      if (code >= 1u << length) return false;
      put(length, code, spec.symbols[number]);
    }
    codes->end[length] = count > 0 ? code << (16 - length) : 0;
    if (code >= 1u << length) return false;
    code <<= 1;
  }
  codes->end[17] = 1u << 16;
  return true;
}

}  // namespace

bool MakeJpegDcTable(const JpegHuffmanSpec& spec, JpegDcTable* table) {
  std::fill(std::begin(table->lookup), std::end(table->lookup), uint16_t{0});
  bool values_ok = true;
  const bool ok =
      ForEachCode(spec, &table->codes, [&](uint32_t length, uint32_t code, uint8_t symbol) {
        values_ok = values_ok && symbol <= 15;
        if (length > JpegDcTable::kBits) return;
        const uint32_t free_bits = JpegDcTable::kBits - length;
        std::fill_n(table->lookup + (code << free_bits), 1u << free_bits,
                    static_cast<uint16_t>(length | symbol << 8));
      });
  return ok && values_ok;
}

bool MakeJpegAcTable(const JpegHuffmanSpec& spec, JpegAcTable* table) {
  // What no code covers stays special, with length 0: the long way decides.
  std::fill(std::begin(table->lookup), std::end(table->lookup), JpegLookup::kSpecial);
  return ForEachCode(spec, &table->codes, [&](uint32_t length, uint32_t code, uint8_t symbol) {
    if (length > JpegLookup::kBits) return;
    const uint32_t free_bits = JpegLookup::kBits - length;
    uint32_t* const entries = table->lookup + (code << free_bits);
    const uint32_t run = symbol >> 4;
    const uint32_t size = symbol & 15;
    if (size == 0 && run != 15) {
      std::fill_n(entries, 1u << free_bits, JpegLookup::kEndOfBlock | length);
      return;
    }
    if (size > free_bits || size > kJpegAcBitsMax) {
      std::fill_n(entries, 1u << free_bits,
                  size << 16 | (run + 1) << 8 | JpegLookup::kSpecial | length);
      return;
    }
    // A run of 16 zeros is a value of 0 behind 15 of them.
    const uint32_t rest_bits = free_bits - size;
    for (uint32_t bits = 0; bits < 1u << size; ++bits) {
      const int32_t value = size == 0 ? 0 : JpegExtend(bits, size);
      std::fill_n(entries + (bits << rest_bits), 1u << rest_bits,
                  static_cast<uint32_t>(value) << 16 | (run + 1) << 8 | (length + size));
    }
  });
}

}  // namespace headrace::codecs
