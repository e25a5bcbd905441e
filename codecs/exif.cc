#include "codecs/exif.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace headrace::codecs {
namespace {

constexpr char kExifPrefix[6] = {'E', 'x', 'i', 'f', '\0', '\0'};
constexpr uint32_t kOrientationTag = 274;
constexpr size_t kEntryBytes = 12;

enum FieldType : uint32_t { kByte = 1, kShort = 3, kLong = 4 };

// Reads integers in the byte order that the TIFF header chose; nothing outside the block.
class TiffBytes {
 public:
  TiffBytes(std::span<const std::byte> block, bool little_endian)
      : block_(block), little_endian_(little_endian) {}

  std::optional<uint32_t> U8(uint64_t offset) const { return Read(offset, 1); }
  std::optional<uint32_t> U16(uint64_t offset) const { return Read(offset, 2); }
  std::optional<uint32_t> U32(uint64_t offset) const { return Read(offset, 4); }

 private:
  std::optional<uint32_t> Read(uint64_t offset, uint32_t count) const {
    if (offset > block_.size() || block_.size() - offset < count) return std::nullopt;
    uint32_t value = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t at = offset + (little_endian_ ? count - 1 - i : i);
      value = (value << 8) | std::to_integer<uint32_t>(block_[at]);
    }
    return value;
  }

  std::span<const std::byte> block_;
  bool little_endian_;
};

// The value of a directory entry that holds one small integer in its value field.
std::optional<uint32_t> EntryValue(const TiffBytes& tiff, uint64_t entry) {
  if (tiff.U32(entry + 4) != 1u) return std::nullopt;
  switch (tiff.U16(entry + 2).value_or(0)) {
    case kByte: return tiff.U8(entry + 8);
    case kShort: return tiff.U16(entry + 8);
    case kLong: return tiff.U32(entry + 8);
    default: return std::nullopt;
  }
}

std::optional<TiffBytes> OpenTiff(std::span<const std::byte> block) {
  if (block.size() < 2) return std::nullopt;
  const bool little_endian = std::memcmp(block.data(), "II", 2) == 0;
  if (!little_endian && std::memcmp(block.data(), "MM", 2) != 0) return std::nullopt;
  TiffBytes tiff(block, little_endian);
  if (tiff.U16(2) != 42u) return std::nullopt;
  return tiff;
}

}  // namespace

uint8_t ExifOrientation(std::span<const std::byte> block, const Limits& limits) {
  block = block.first(std::min<size_t>(block.size(), limits.exif_bytes_max));
  if (block.size() >= sizeof(kExifPrefix) &&
      std::memcmp(block.data(), kExifPrefix, sizeof(kExifPrefix)) == 0) {
    block = block.subspan(sizeof(kExifPrefix));
  }
  const std::optional<TiffBytes> tiff = OpenTiff(block);
  if (!tiff) return 1;
  const std::optional<uint32_t> directory = tiff->U32(4);
  if (!directory) return 1;
  const uint32_t entries = std::min(tiff->U16(*directory).value_or(0), limits.exif_entries_max);
  uint32_t orientation = 1;
  for (uint32_t i = 0; i < entries; ++i) {
    const uint64_t entry = uint64_t{*directory} + 2 + uint64_t{i} * kEntryBytes;
    const std::optional<uint32_t> tag = tiff->U16(entry);
    if (!tag) break;  // the directory is cut short
    if (*tag == kOrientationTag) orientation = EntryValue(*tiff, entry).value_or(1);
  }
  return orientation >= 1 && orientation <= 8 ? static_cast<uint8_t>(orientation) : 1;
}

}  // namespace headrace::codecs
