#include "codecs/png_chunks.h"

#include <algorithm>
#include <array>

#include "codecs/limit_checks.h"

namespace headrace::codecs {
namespace {

constexpr size_t kChunkHeaderBytes = 8;  // length and tag
constexpr size_t kCrcBytes = 4;
constexpr size_t kIhdrBytes = 13;

uint32_t U32(std::span<const std::byte> bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<uint32_t>(bytes[offset + i]);
  return value;
}

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t n = 0; n < 256; ++n) {
    uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

// Bit n of kDepths[colour type]: depth n is allowed (PNG specification, table 11.1).
bool IsAllowed(uint32_t colour_type, uint32_t bit_depth) {
  constexpr uint32_t kLow = 1u << 1 | 1u << 2 | 1u << 4;
  constexpr uint32_t kEight = 1u << 8;
  constexpr uint32_t kSixteen = 1u << 16;
  constexpr uint32_t kDepths[7] = {kLow | kEight | kSixteen, 0, kEight | kSixteen, kLow | kEight,
                                   kEight | kSixteen,        0, kEight | kSixteen};
  return colour_type < 7 && bit_depth <= 16 && (kDepths[colour_type] >> bit_depth & 1) != 0;
}

Status ReadIhdr(const PngChunk& chunk, const Limits& limits, PngHeader* header) {
  if (chunk.tag != kPngIhdr || chunk.all.size() < kChunkHeaderBytes ||
      U32(chunk.all, 0) != kIhdrBytes) {
    return {Code::kCorrupt, "the PNG does not begin with its header chunk"};
  }
  if (!chunk.whole) return {Code::kTruncated, "the PNG ends within its header"};
  if (!PngCrcHolds(chunk)) return {Code::kCorrupt, "the PNG's header chunk has a wrong CRC"};
  const std::span<const std::byte> d = chunk.data;
  HR_TRY(CheckSize(U32(d, 0), U32(d, 4), limits));
  header->size = {U32(d, 0), U32(d, 4)};
  header->bit_depth = std::to_integer<uint8_t>(d[8]);
  header->colour_type = std::to_integer<uint8_t>(d[9]);
  if (!IsAllowed(header->colour_type, header->bit_depth)) {
    return {Code::kCorrupt, "the PNG's header has a colour type and depth that do not exist"};
  }
  const uint32_t interlace = std::to_integer<uint32_t>(d[12]);
  if (std::to_integer<uint32_t>(d[10]) != 0 || std::to_integer<uint32_t>(d[11]) != 0 ||
      interlace > 1) {
    return {Code::kCorrupt,
            "the PNG's header asks for a compression, filter or interlace method "
            "that does not exist"};
  }
  header->interlaced = interlace == 1;
  return {};
}

// Chunks that a decoder must understand have an upper-case first letter.
bool IsCritical(uint32_t tag) { return (tag >> 24 & 0x20) == 0; }

// A chunk between the header and the picture data. A wrong CRC there, even of a chunk that is not
// used, shows a damaged file, as it does to Pillow; very long chunks are stepped over unread.
Status CheckEarlyChunk(const PngChunk& chunk, const Limits& limits) {
  if (!chunk.whole) return {};  // the last chunk: there are no picture data, which is said later
  if (IsCritical(chunk.tag) && chunk.tag != kPngPlte) {
    return {Code::kCorrupt, "the PNG has a critical chunk that is unknown or out of place"};
  }
  if (chunk.data.size() <= limits.png_chunk_bytes_max && !PngCrcHolds(chunk)) {
    return {Code::kCorrupt, "a chunk of the PNG has a wrong CRC"};
  }
  return {};
}

}  // namespace

bool PngChunkWalker::Next(PngChunk* chunk) {
  if (offset_ >= file_.size()) return false;
  const std::span<const std::byte> left = file_.subspan(offset_);
  *chunk = {};
  if (left.size() < kChunkHeaderBytes) {
    chunk->all = left;
    offset_ = file_.size();
    return true;
  }
  const uint64_t data_bytes = U32(left, 0);
  const uint64_t chunk_bytes = kChunkHeaderBytes + data_bytes + kCrcBytes;
  chunk->tag = U32(left, 4);
  chunk->whole = chunk_bytes <= left.size();
  chunk->all = left.first(std::min<uint64_t>(chunk_bytes, left.size()));
  const std::span<const std::byte> after_tag = chunk->all.subspan(kChunkHeaderBytes);
  chunk->data = after_tag.first(std::min<uint64_t>(data_bytes, after_tag.size()));
  offset_ += chunk->all.size();
  return true;
}

bool PngCrcHolds(const PngChunk& chunk) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const std::byte byte : chunk.all.subspan(4, 4 + chunk.data.size())) {
    crc = kCrcTable[(crc ^ std::to_integer<uint32_t>(byte)) & 0xFF] ^ (crc >> 8);
  }
  return (crc ^ 0xFFFFFFFFu) == U32(chunk.all, chunk.all.size() - kCrcBytes);
}

Status ReadPngHeader(std::span<const std::byte> file, const Limits& limits, PngHeader* header) {
  *header = {};
  PngChunkWalker walker(file);
  PngChunk chunk;
  if (!walker.Next(&chunk)) return {Code::kTruncated, "the PNG ends after its signature"};
  HR_TRY(ReadIhdr(chunk, limits, header));
  bool has_data = false;
  // To the end of the file, because eXIf may follow the picture; after the first picture data this
  // is a step a chunk and reads nothing else.
  while (walker.Next(&chunk) && chunk.tag != kPngIend) {
    if (chunk.tag == kPngIdat) {
      has_data = true;
      continue;
    }
    if (!has_data) HR_TRY(CheckEarlyChunk(chunk, limits));
    if (chunk.tag == kPngTrns && !has_data) header->has_transparency = true;
    if (chunk.tag == kPngExif && header->exif.empty() && chunk.whole &&
        chunk.data.size() <= limits.exif_bytes_max && PngCrcHolds(chunk)) {
      header->exif = chunk.data;
    }
  }
  if (has_data) return {};
  if (chunk.tag == kPngIend) return {Code::kCorrupt, "the PNG has no picture data"};
  return {Code::kTruncated, "the PNG ends before its picture data"};
}

}  // namespace headrace::codecs
