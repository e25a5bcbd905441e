// libFuzzer's hook for coefficient records: changes a header, a row or a chunk, and then makes
// sizes and hashes right again, because almost nothing gets past those by chance.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "codecs/coef_record.h"
#include "coef_repair.h"
#include "fuzz_random.h"

extern "C" {
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed);
}

namespace headrace::fuzz {
namespace {

using codecs::LoadLittle;
using codecs::StoreLittle;
using ByteVector = std::vector<uint8_t>;

constexpr size_t kFixed = 40;
constexpr size_t kTail = 64;

// A picture of its own, for a start.
ByteVector FreshRecord(Random& random) {
  codecs::JpegCoefficientImage image;
  image.size = {random.Between(1, 150), random.Between(1, 40)};
  image.colour = static_cast<codecs::JpegColour>(random.Below(3));
  image.components = image.colour == codecs::JpegColour::kGrey ? 1 : 3;
  const uint32_t across = random.Between(1, 2);
  const uint32_t down = random.Between(1, 2);
  const uint32_t one_in = 1u << random.Below(8);
  const auto blocks = [](uint32_t pixels, uint32_t factor) {
    return ((pixels + factor - 1) / factor + 7) / 8;
  };
  for (uint32_t c = 0; c < image.components; ++c) {
    codecs::JpegCoefficientImage::Plane& plane = image.plane[c];
    plane.across = c == 0 ? across : 1;
    plane.down = c == 0 ? down : 1;
    plane.blocks_across = blocks(image.size.width, c == 0 ? 1 : across);
    plane.blocks_down = blocks(image.size.height, c == 0 ? 1 : down);
    for (uint16_t& quantiser : plane.quantisers)
      quantiser = static_cast<uint16_t>(random.Below(99));
    plane.coefficients.resize(size_t{plane.blocks_across} * plane.blocks_down * 64);
    for (int16_t& value : plane.coefficients) {
      if (random.OneIn(one_in))
        value = static_cast<int16_t>(static_cast<int16_t>(random.Next()) >> random.Below(16));
    }
  }
  image.segments.resize(random.OneIn(4) ? random.Below(30) : 0);
  std::vector<std::byte> record;
  if (!codecs::EncodeCoefRecord(image, &record).ok()) return {};
  ByteVector bytes(record.size());
  std::memcpy(bytes.data(), record.data(), record.size());
  return bytes;
}

void ChangeByte(uint8_t* byte, Random& random) {
  switch (random.Below(5)) {
    case 0: *byte = random.Byte(); break;
    case 1: *byte = static_cast<uint8_t>(*byte ^ 1u << random.Below(8)); break;
    case 2: *byte = static_cast<uint8_t>(*byte + random.Between(1, 3)); break;
    case 3: *byte = static_cast<uint8_t>(*byte - random.Between(1, 3)); break;
    default: *byte = random.OneIn(2) ? 255 : 0; break;
  }
}

// Bytes are put in or taken out of a row, and all that says how long things are follows.
void ResizeRow(ByteVector* record, Random& random) {
  ByteVector& bytes = *record;
  const size_t header = LoadLittle(&bytes[24], 4);
  const size_t rows_at = kFixed + size_t{bytes[11]} * 4 + size_t{bytes[21]} * 128;
  if (header > bytes.size() || rows_at + 16 > header) return;
  const size_t rows = (header - 8 - rows_at) / 8;
  const auto row = random.Below(static_cast<uint32_t>(rows));
  const size_t begin = row > 0 ? LoadLittle(&bytes[rows_at + (row - 1) * 8], 4) : 0;
  const size_t end = LoadLittle(&bytes[rows_at + row * 8], 4);
  if (end < begin + 3 || header + end > bytes.size()) return;
  const auto count = static_cast<int64_t>(random.Between(1, 4));
  const int64_t change = random.OneIn(2) ? count : -std::min<int64_t>(count, end - begin - 2);
  const auto at =
      bytes.begin() + static_cast<ptrdiff_t>(header + begin + 2 +
                                             random.Below(static_cast<uint32_t>(end - begin - 2)));
  if (change > 0) {
    bytes.insert(at, static_cast<size_t>(change), random.Byte());
  } else {
    const auto row_end = bytes.begin() + static_cast<ptrdiff_t>(header + end);
    bytes.erase(std::min(at, row_end + change), std::min(at, row_end + change) - change);
  }
  for (size_t i = row; i < rows; ++i) {
    uint8_t* const entry = &bytes[rows_at + i * 8];
    StoreLittle(LoadLittle(entry, 4) + static_cast<uint64_t>(change), 4, entry);
  }
  StoreLittle(LoadLittle(&bytes[32], 4) + static_cast<uint64_t>(change), 4, &bytes[32]);
  // A row of one chunk, as most small ones are.
  if (!random.OneIn(4)) {
    uint8_t* const table = &bytes[header + begin];
    StoreLittle(LoadLittle(table, 2) + static_cast<uint64_t>(change), 2, table);
  }
}

ByteVector MutateRecord(ByteVector record, Random& random) {
  if (record.size() < kFixed + 8 + kTail || random.OneIn(50)) record = FreshRecord(random);
  for (uint32_t left = random.Between(1, 3); left > 0; --left) {
    const size_t header = std::min<size_t>(LoadLittle(&record[24], 4), record.size());
    switch (random.Below(8)) {
      case 0: {
        const auto at = random.Below(static_cast<uint32_t>(header) + 1);
        ChangeByte(&record[std::min<size_t>(at, record.size() - 1)], random);
        break;
      }
      case 1: ChangeByte(&record[8 + random.Below(kFixed - 8)], random); break;
      case 2: ResizeRow(&record, random); break;
      default: {
        const auto behind = static_cast<uint32_t>(record.size() - header);
        if (behind > 0) ChangeByte(&record[header + random.Below(behind)], random);
        break;
      }
    }
  }
  if (!random.OneIn(20)) codecs::RepairCoefRecord(&record);
  return record;
}

}  // namespace
}  // namespace headrace::fuzz

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  using namespace headrace::fuzz;  // NOLINT: a harness, not a library
  Random random(seed);
  if (random.OneIn(40)) return LLVMFuzzerMutate(data, size, size_max);
  const ByteVector out = MutateRecord({data, data + size}, random);
  if (out.size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  std::memcpy(data, out.data(), out.size());
  return out.size();
}
