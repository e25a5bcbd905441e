#include "jpeg_record.h"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace headrace::fuzz {
namespace {

// As in codecs/jpeg_checkpoints.cc: 40 bytes, then places of 4 bytes for the bit, 2 a component for
// the DC predictions, 2 for the check value.
struct Head {
  uint32_t magic;
  uint32_t interval;
  uint32_t count;
  uint32_t complete;
  uint64_t file_bytes;
  uint64_t header_hash;
  uint64_t checksum;
};
static_assert(sizeof(Head) == 40);
constexpr size_t kPlaceBytes = 4;
constexpr size_t kCheckBytes = 2;

Head HeadOf(std::span<const std::byte> record) {
  Head head;
  std::memcpy(&head, record.data(), sizeof(head));
  return head;
}

void MendChecksum(std::vector<std::byte>* record) {
  Head head = HeadOf(*record);
  head.checksum = 0;
  const uint64_t seed = XXH3_64bits(&head, sizeof(head));
  head.checksum =
      XXH3_64bits_withSeed(record->data() + sizeof(head), record->size() - sizeof(head), seed);
  std::memcpy(record->data(), &head, sizeof(head));
}

// Of one place, `point_bytes` long in all.
void MendCheckValue(std::span<const std::byte> file, size_t data_offset, std::byte* point,
                    size_t point_bytes) {
  uint32_t offset_bits = 0;
  std::memcpy(&offset_bits, point, sizeof(offset_bits));
  const uint64_t bit = uint64_t{data_offset} * 8 + offset_bits;
  const uint64_t byte = std::min<uint64_t>(bit / 8, file.size());
  const size_t components = (point_bytes - kPlaceBytes - kCheckBytes) / 2;
  uint64_t seed = bit % 8;
  for (size_t c = 0; c < 3; ++c) {  // three always; 0 for those that are not there
    uint16_t dc = 0;
    if (c < components) std::memcpy(&dc, point + kPlaceBytes + 2 * c, sizeof(dc));
    seed = seed << 16 | dc;
  }
  const size_t bytes = std::min<size_t>(64, file.size() - byte);
  const auto check = static_cast<uint16_t>(XXH3_64bits_withSeed(file.data() + byte, bytes, seed));
  std::memcpy(point + point_bytes - kCheckBytes, &check, sizeof(check));
}

}  // namespace

size_t DataOffset(std::span<const std::byte> record, std::span<const std::byte> file) {
  const uint64_t hash = HeadOf(record).header_hash;
  for (size_t at = 0; at + 4 <= file.size(); ++at) {
    if (file[at] != std::byte{0xFF} || file[at + 1] != std::byte{0xDA}) continue;
    const size_t length =
        std::to_integer<size_t>(file[at + 2]) << 8 | std::to_integer<size_t>(file[at + 3]);
    const size_t end = at + 2 + length;
    if (end <= file.size() && XXH3_64bits(file.data(), end) == hash) return end;
  }
  return 0;
}

void Falsify(const JpegPathsControl& control, std::span<const std::byte> file,
             std::vector<std::byte>* record) {
  const size_t place = size_t{control.damage_place[0]} << 8 | control.damage_place[1];
  const auto change = static_cast<std::byte>(control.damage_value | (control.damage_value == 0));
  const size_t points_bytes = record->size() - sizeof(Head);
  Head head = HeadOf(*record);
  const size_t point_bytes = points_bytes / head.count;
  const size_t data_offset = DataOffset(*record, file);
  switch (control.damage % kDamages) {
    case kByteChanged: (*record)[place % record->size()] ^= change; break;
    case kLengthChanged: record->resize(place % (2 * record->size())); break;
    case kMendedByte:
      (*record)[place % record->size()] ^= change;
      MendChecksum(record);
      break;
    case kMendedPlace: {
      const size_t at = place % points_bytes;
      (*record)[sizeof(Head) + at] ^= change;
      MendCheckValue(file, data_offset, &(*record)[sizeof(Head) + at / point_bytes * point_bytes],
                     point_bytes);
      MendChecksum(record);
      break;
    }
    case kForged: {
      head.interval = 1 + control.damage_value % 9;
      head.complete = control.damage_value >> 7;
      std::memcpy(record->data(), &head, sizeof(head));
      uint32_t random = static_cast<uint32_t>(place) * 2654435761u + 1;
      for (size_t at = sizeof(Head); at < record->size(); at += point_bytes) {
        random = random * 1664525u + 1013904223u;
        // Mostly inside the data.
        const uint32_t bits = static_cast<uint32_t>(file.size() - data_offset) * 8 + 16;
        const uint32_t bit = random % 64 == 0 ? random : (random >> 8) % bits;
        std::memcpy(&(*record)[at], &bit, sizeof(bit));
        if ((random >> 6 & 15) == 0) std::memcpy(&(*record)[at + kPlaceBytes], &random, 2);
        MendCheckValue(file, data_offset, &(*record)[at], point_bytes);
      }
      MendChecksum(record);
      break;
    }
    default: break;
  }
}

}  // namespace headrace::fuzz
