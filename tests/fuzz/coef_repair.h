// Makes the hashes of a coefficient record right again after its bytes were changed, so that what
// lies behind them is tested too. Written from docs/pack-format-coef.md, apart from codecs/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/hash.h"

namespace headrace::codecs {

inline uint64_t LoadLittle(const uint8_t* from, uint32_t bytes) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < bytes; ++i) value |= uint64_t{from[i]} << 8 * i;
  return value;
}
inline void StoreLittle(uint64_t value, uint32_t bytes, uint8_t* to) {
  for (uint32_t i = 0; i < bytes; ++i) to[i] = static_cast<uint8_t>(value >> 8 * i);
}
inline uint64_t HashOfBytes(const uint8_t* from, size_t bytes) {
  return Hash64({reinterpret_cast<const std::byte*>(from), bytes});
}

// Whatever the bytes are; what is no header, or rows that lead out of the record, stay as they are.
inline void RepairCoefRecord(std::vector<uint8_t>* record) {
  constexpr size_t kFixed = 40;
  constexpr size_t kTail = 64;
  std::vector<uint8_t>& bytes = *record;
  if (bytes.size() < kFixed + 8 + kTail) return;
  const size_t header = LoadLittle(&bytes[24], 4);
  if (header < kFixed + 8 || header > bytes.size() - kTail) return;
  const size_t segments = LoadLittle(&bytes[28], 4);
  const size_t data = LoadLittle(&bytes[32], 4);
  if (segments <= bytes.size() && data <= bytes.size() &&
      header + data + segments + kTail <= bytes.size()) {
    StoreLittle(HashOfBytes(bytes.data() + header + data, segments), 4, &bytes[36]);
    const size_t rows_at = kFixed + size_t{bytes[11]} * 4 + size_t{bytes[21]} * 128;
    size_t begin = 0;
    for (size_t at = rows_at; at + 8 + 8 <= header; at += 8) {
      const size_t end = LoadLittle(&bytes[at], 4);
      if (begin <= end && end <= data) {
        StoreLittle(HashOfBytes(bytes.data() + header + begin, end - begin), 4, &bytes[at + 4]);
      }
      begin = end;
    }
  }
  StoreLittle(HashOfBytes(bytes.data(), header - 8), 8, &bytes[header - 8]);
}

}  // namespace headrace::codecs
