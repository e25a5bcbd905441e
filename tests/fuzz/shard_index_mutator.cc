// The mutator of fuzz_shard_index: by libFuzzer's means, after which sizes and checksums are made
// right again most of the time (docs/pack-format.md has the places).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/hash.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);
extern "C" __attribute__((visibility("default"))) size_t LLVMFuzzerCustomMutator(uint8_t* data,
                                                                                 size_t size,
                                                                                 size_t size_max,
                                                                                 unsigned seed);

namespace {

constexpr size_t kHeader = 216;
constexpr size_t kFileBytes = 24;
constexpr size_t kRecords = 64;
constexpr size_t kTable = 80;  // the first of five parts: offset, bytes, hash
constexpr size_t kHeaderHash = 208;
constexpr size_t kRecordBytes = 64;
constexpr size_t kPieceBytes = 1024 * kRecordBytes;

uint64_t Get(const uint8_t* at) {
  uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}
void Put(uint8_t* at, uint64_t value) { std::memcpy(at, &value, sizeof value); }

uint64_t Hash(const uint8_t* at, size_t bytes, uint64_t before = 0) {
  return headrace::Hash64(std::as_bytes(std::span(at, bytes)), before);
}

void Repair(uint8_t* data, size_t size, unsigned seed) {
  constexpr uint8_t kBegin[] = {'H', 'R', 'S', 'H', 'R', 'D', '\r', '\n', 1, 0,
                                0,   0,   216, 0,   0,   0,   64,   0,    0, 0};
  std::memcpy(data, kBegin, sizeof kBegin);
  Put(data + kFileBytes, size);
  if (seed % 4 != 1) Put(data + kTable + 8, Get(data + kRecords) * kRecordBytes);
  const uint64_t names = Get(data + kTable + 72);
  for (size_t part = 0; part < 5; ++part) {
    uint8_t* const at = data + kTable + part * 24;
    const uint64_t offset = Get(at);
    const uint64_t bytes = Get(at + 8);
    if (offset > size || bytes > size - offset) continue;
    if (part > 0) {
      Put(at + 16, Hash(data + offset, bytes));
      continue;
    }
    // The names' hashes stand in the table.
    for (uint64_t row = offset; row + kRecordBytes <= offset + bytes; row += kRecordBytes) {
      uint32_t place[2] = {};
      std::memcpy(place, data + row + 36, sizeof place);
      if (names > size || place[0] > size - names || place[1] > size - names - place[0]) continue;
      const auto hash = static_cast<uint32_t>(Hash(data + names + place[0], place[1]));
      std::memcpy(data + row + 44, &hash, sizeof hash);
    }
    uint64_t hash = 0;
    for (uint64_t done = 0; done < bytes; done += kPieceBytes) {
      hash = Hash(data + offset + done, std::min<uint64_t>(kPieceBytes, bytes - done), hash);
    }
    Put(at + 16, hash);
  }
  Put(data + kHeaderHash, Hash(data, kHeaderHash));
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max,
                                          unsigned seed) {
  size = LLVMFuzzerMutate(data, size, size_max);
  if (size >= kHeader && seed % 8 != 0) Repair(data, size, seed);
  return size;
}
