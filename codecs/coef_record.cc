#include "codecs/coef_record.h"

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "base/hash.h"
#include "codecs/coef_layout.h"
#include "codecs/exif.h"
#include "simd/coef_unpack.h"
#include "simd/reference_coef.h"

namespace headrace::codecs {
namespace {

using Plane = JpegCoefficientImage::Plane;
using Record = std::vector<std::byte>;

void Put8(uint32_t value, Record* record) { record->push_back(static_cast<std::byte>(value)); }
void Put16(uint32_t value, Record* record) {
  Put8(value, record);
  Put8(value >> 8, record);
}
void Put32(uint32_t value, Record* record) {
  Put16(value, record);
  Put16(value >> 16, record);
}
void PutAt(uint32_t value, uint32_t bytes, size_t at, Record* record) {
  for (; bytes > 0; --bytes, value >>= 8) (*record)[at++] = static_cast<std::byte>(value);
}

// ------------------------------------------------------------------ encoding

// The DC values of a chunk; returns whether their differences need 16 bits.
bool PutDc(const int16_t* blocks, uint32_t count, Record* record) {
  int differences[simd::kCoefChunkBlocks] = {};
  bool wide = false;
  for (uint32_t b = 1; b < count; ++b) {
    differences[b] = blocks[b * kJpegCoefficients] - blocks[(b - 1) * kJpegCoefficients];
    // As they wrap.
    wide = wide || static_cast<int16_t>(differences[b]) != static_cast<int8_t>(differences[b]);
  }
  Put16(static_cast<uint16_t>(blocks[0]), record);
  for (uint32_t b = 1; b < count; ++b) {
    const auto difference = static_cast<uint32_t>(differences[b]);
    wide ? Put16(difference, record) : Put8(difference, record);
  }
  return wide;
}

// What: the other parts of a chunk, block by block. Owner: PutChunk.
class ChunkParts {
 public:
  void AddBlock(const int16_t* block) {
    uint32_t row_mask = 0;
    for (uint32_t row = 0; row < kJpegBlockPx; ++row) {
      const uint32_t column_mask = AddRow(block, row);
      if (column_mask == 0) continue;
      row_mask |= 1u << row;
      column_masks_[rows_++] = static_cast<std::byte>(column_mask);
    }
    row_masks_[blocks_++] = static_cast<std::byte>(row_mask);
    values_ += values_ % 2;  // whole bytes
  }

  void AppendTo(Record* record) const {
    record->insert(record->end(), row_masks_, row_masks_ + blocks_);
    record->insert(record->end(), column_masks_, column_masks_ + rows_);
    record->insert(record->end(), nibbles_, nibbles_ + values_ / 2);
    record->insert(record->end(), escapes_, escapes_ + escaped_);
    for (size_t i = 0; i < patched_; ++i) {
      Put16(patches_[i].place, record);
      Put16(static_cast<uint16_t>(patches_[i].value), record);
    }
  }

 private:
  static constexpr size_t kValuesMax = size_t{simd::kCoefChunkBlocks} * kJpegCoefficients;
  // 16 of DC, 8 row masks, 64 column masks and four bytes a coefficient are the most.
  static_assert(16 + 8 + 64 + 4 * kValuesMax <= simd::kCoefChunkBytesMask);

  // Returns the columns that have a value.
  uint32_t AddRow(const int16_t* block, uint32_t row) {
    uint32_t column_mask = 0;
    for (uint32_t column = 0; column < kJpegBlockPx; ++column) {
      const uint32_t place = row * kJpegBlockPx + column;
      const int16_t value = block[place];
      if (value == 0 || place == 0) continue;
      if (value != static_cast<int8_t>(value)) {
        patches_[patched_++] = {blocks_ * kJpegCoefficients + place, value};
        continue;
      }
      column_mask |= 1u << column;
      uint32_t nibble = static_cast<uint32_t>(value) & 15;
      if (value < -7 || value > 7) {
        nibble = simd::kCoefEscape;
        escapes_[escaped_++] = static_cast<std::byte>(value);
      }
      nibbles_[values_ / 2] |= static_cast<std::byte>(nibble << 4 * (values_ % 2));
      ++values_;
    }
    return column_mask;
  }

  struct Patch {
    uint32_t place;
    int16_t value;
  };
  std::byte row_masks_[simd::kCoefChunkBlocks];
  std::byte column_masks_[simd::kCoefChunkBlocks * kJpegBlockPx];
  std::byte nibbles_[kValuesMax / 2] = {};
  std::byte escapes_[kValuesMax];
  Patch patches_[kValuesMax];
  uint32_t blocks_ = 0;
  size_t rows_ = 0;
  size_t values_ = 0;  // with those that fill up bytes
  size_t escaped_ = 0;
  size_t patched_ = 0;
};

// Appends a chunk of blocks; returns its entry for the table of its row.
uint32_t PutChunk(const int16_t* blocks, uint32_t count, Record* record) {
  const size_t begin = record->size();
  const bool wide = PutDc(blocks, count, record);
  ChunkParts parts;
  for (uint32_t b = 0; b < count; ++b) parts.AddBlock(blocks + size_t{b} * kJpegCoefficients);
  parts.AppendTo(record);
  return static_cast<uint32_t>(record->size() - begin) | (wide ? simd::kCoefChunkWideDc : 0);
}

void PutRow(const int16_t* blocks, uint32_t count, Record* record) {
  const size_t table = record->size();
  const uint32_t chunks = (count + simd::kCoefChunkBlocks - 1) / simd::kCoefChunkBlocks;
  record->resize(table + size_t{chunks} * 2);
  for (uint32_t i = 0; i < chunks; ++i) {
    const uint32_t first = i * simd::kCoefChunkBlocks;
    const uint32_t entry = PutChunk(blocks + size_t{first} * kJpegCoefficients,
                                    std::min(count - first, simd::kCoefChunkBlocks), record);
    PutAt(entry, 2, table + size_t{i} * 2, record);
  }
}

// Of the first EXIF block, as the decoder of JPEGs takes it.
uint8_t OrientationOf(std::span<const std::byte> segments) {
  constexpr std::byte kApp1{0xE1};
  while (segments.size() >= 4) {
    const size_t bytes =
        std::to_integer<size_t>(segments[2]) << 8 | std::to_integer<size_t>(segments[3]);
    if (segments[0] != std::byte{0xFF} || bytes < 2 || bytes + 2 > segments.size()) break;
    const auto payload = segments.subspan(4, bytes - 2);
    if (segments[1] == kApp1 && payload.size() >= 6 &&
        std::memcmp(payload.data(), "Exif\0", 5) == 0) {
      return ExifOrientation(payload.subspan(6), {});
    }
    segments = segments.subspan(bytes + 2);
  }
  return 1;
}

JpegFrame FrameOf(const JpegCoefficientImage& image) {
  JpegFrame frame;
  frame.size = image.size;
  frame.colour = image.colour;
  frame.components = image.components;
  for (uint32_t c = 0; c < image.components; ++c) {
    const Plane& plane = image.plane[c];
    frame.component[c].across = static_cast<uint8_t>(std::min(plane.across, 255u));
    frame.component[c].down = static_cast<uint8_t>(std::min(plane.down, 255u));
  }
  frame.across_max = frame.component[0].across;
  frame.down_max = frame.component[0].down;
  return frame;
}

Status CheckImage(const JpegCoefficientImage& image) {
  const uint32_t components = image.colour == JpegColour::kGrey ? 1 : 3;
  if (image.components != components || image.size.width == 0 || image.size.height == 0) {
    return {Code::kInvalidArgument, "a picture of 1 (grey) or 3 components and a size is needed"};
  }
  const JpegFrame frame = FrameOf(image);
  if (!CoefSamplingKnown(frame)) {
    return {Code::kUnsupportedFormat,
            "a coefficient record takes sampling factors 1 and 2, the first plane's the largest"};
  }
  for (uint32_t c = 0; c < components; ++c) {
    const Plane& plane = image.plane[c];
    const SizePx blocks = CoefBlocks(frame, c);
    const uint64_t coefficients =
        SaturatingMul(uint64_t{blocks.width} * blocks.height, kJpegCoefficients);
    if (plane.blocks_across != blocks.width || plane.blocks_down != blocks.height ||
        plane.coefficients.size() != coefficients) {
      return {Code::kInvalidArgument,
              "a plane has another number of blocks than its size asks for"};
    }
  }
  return {};
}

void PutHeader(const JpegCoefficientImage& image, Record* record) {
  for (const uint8_t byte : kCoefMagic) Put8(byte, record);
  Put16(kCoefVersion, record);
  Put8(static_cast<uint32_t>(image.colour), record);
  Put8(image.components, record);
  Put32(image.size.width, record);
  Put32(image.size.height, record);
  Put8(OrientationOf(image.segments), record);
  // Planes with the same quantisers share a table.
  uint32_t tables = 0;
  uint32_t table_of[kJpegComponentsMax] = {};
  uint32_t plane_of[kJpegComponentsMax] = {};
  for (uint32_t c = 0; c < image.components; ++c) {
    uint32_t table = 0;
    while (table < tables &&
           !std::equal(image.plane[c].quantisers, image.plane[c].quantisers + kJpegCoefficients,
                       image.plane[plane_of[table]].quantisers)) {
      ++table;
    }
    if (table == tables) plane_of[tables++] = c;
    table_of[c] = table;
  }
  Put8(tables, record);
  Put16(0, record);
  record->resize(kCoefFixedBytes);
  for (uint32_t c = 0; c < image.components; ++c) {
    Put8(image.plane[c].across, record);
    Put8(image.plane[c].down, record);
    Put8(table_of[c], record);
    Put8(0, record);
  }
  for (uint32_t table = 0; table < tables; ++table) {
    for (const uint16_t value : image.plane[plane_of[table]].quantisers) Put16(value, record);
  }
}

uint32_t HashOf(std::span<const std::byte> bytes) { return static_cast<uint32_t>(Hash64(bytes)); }

// All rows of blocks, and their entries in the header.
Status PutRows(const JpegCoefficientImage& image, size_t rows_at, size_t header_bytes,
               Record* record) {
  const JpegFrame frame = FrameOf(image);
  size_t entry = rows_at;
  const auto put = [&](const Plane& plane, uint32_t row) {
    const size_t begin = record->size();
    const size_t row_coefficients = size_t{plane.blocks_across} * kJpegCoefficients;
    PutRow(plane.coefficients.data() + row * row_coefficients, plane.blocks_across, record);
    PutAt(static_cast<uint32_t>(record->size() - header_bytes), 4, entry, record);
    PutAt(HashOf({record->data() + begin, record->size() - begin}), 4, entry + 4, record);
    entry += kCoefRowBytes;
  };
  for (uint32_t mcu_row = 0; mcu_row < frame.mcus_down(); ++mcu_row) {
    for (uint32_t c = 0; c < image.components; ++c) {
      const uint32_t down = frame.BlocksDown(c);
      const uint32_t end = std::min((mcu_row + 1) * down, image.plane[c].blocks_down);
      for (uint32_t row = mcu_row * down; row < end; ++row) put(image.plane[c], row);
    }
    if (record->size() > UINT32_MAX) {
      return {Code::kLimitBytes, "a coefficient record cannot be larger than 4 GiB"};
    }
  }
  return {};
}

}  // namespace

Status EncodeCoefRecord(const JpegCoefficientImage& image, std::vector<std::byte>* record) {
  HR_TRY(CheckImage(image));
  record->clear();
  PutHeader(image, record);
  const size_t rows_at = record->size();
  size_t rows = 0;
  for (uint32_t c = 0; c < image.components; ++c) rows += image.plane[c].blocks_down;
  const size_t header_bytes = rows_at + rows * kCoefRowBytes + kCoefHeaderHashBytes;
  record->resize(header_bytes);
  HR_TRY(PutRows(image, rows_at, header_bytes, record));
  const size_t data_bytes = record->size() - header_bytes;
  if (image.segments.size() > UINT32_MAX) {
    return {Code::kLimitBytes, "the marker segments are larger than 4 GiB"};
  }
  PutAt(static_cast<uint32_t>(header_bytes), 4, 24, record);
  PutAt(static_cast<uint32_t>(image.segments.size()), 4, 28, record);
  PutAt(static_cast<uint32_t>(data_bytes), 4, 32, record);
  PutAt(HashOf(image.segments), 4, 36, record);
  const size_t hash_at = header_bytes - kCoefHeaderHashBytes;
  const uint64_t hash = Hash64({record->data(), hash_at});
  PutAt(static_cast<uint32_t>(hash), 4, hash_at, record);
  PutAt(static_cast<uint32_t>(hash >> 32), 4, hash_at + 4, record);
  record->insert(record->end(), image.segments.begin(), image.segments.end());
  record->resize(record->size() + kCoefTailBytes);
  return {};
}

// ------------------------------------------------------------------ decoding

namespace {

Status DamagedData() {
  return {Code::kCorrupt, "the coefficients of the coefficient record are damaged"};
}

// What a row takes at least: its table, and each chunk's first DC value, differences and row masks.
uint64_t RowBytesMin(uint32_t blocks) {
  const uint64_t chunks = (uint64_t{blocks} + simd::kCoefChunkBlocks - 1) / simd::kCoefChunkBlocks;
  return chunks * 3 + uint64_t{blocks} * 2;
}

Status DecodeRow(std::span<const uint8_t> row, uint32_t blocks, int16_t* coefficients) {
  if (row.size() < RowBytesMin(blocks)) return DamagedData();
  constexpr uint32_t kChunk = simd::kCoefChunkBlocks;
  const uint8_t* const row_end = row.data() + row.size();
  const uint8_t* table = row.data();
  const uint8_t* at = table + (size_t{blocks} + kChunk - 1) / kChunk * 2;
  for (uint32_t first = 0; first < blocks; first += kChunk, table += 2) {
    const uint32_t count = std::min(blocks - first, kChunk);
    int16_t chunk[size_t{kChunk} * kJpegCoefficients];
    uint8_t last[kChunk];
    at = simd::reference::UnpackCoefficients({table, at, row_end, count, chunk, last}, 1);
    if (at == nullptr) return DamagedData();
    std::copy_n(chunk, size_t{count} * kJpegCoefficients,
                coefficients + size_t{first} * kJpegCoefficients);
  }
  return at == row_end ? Status() : DamagedData();
}

}  // namespace

Status DecodeCoefRecord(std::span<const std::byte> record, const Limits& limits,
                        JpegCoefficientImage* image) {
  CoefLayout layout;
  HR_TRY(layout.Open(record, limits));
  const JpegFrame& frame = layout.frame();
  *image = {};
  std::span<const std::byte> segments;
  HR_TRY(layout.Segments(&segments));

  // All is looked at before memory in proportion to it is taken.
  uint64_t bytes = 0;
  for (uint32_t c = 0; c < frame.components; ++c) {
    const SizePx blocks = layout.blocks(c);
    for (uint32_t row = 0; row < blocks.height; ++row) {
      if (layout.Row(c, row).size() < RowBytesMin(blocks.width)) return DamagedData();
    }
    const uint64_t coefficients =
        SaturatingMul(uint64_t{blocks.width} * blocks.height, kJpegCoefficients);
    bytes = SaturatingAdd(bytes, SaturatingMul(coefficients, sizeof(int16_t)));
  }
  if (bytes > limits.max_decoded_bytes) {
    return {Code::kLimitBytes, "the coefficients need more memory than limits.max_decoded_bytes"};
  }
  image->size = frame.size;
  image->colour = frame.colour;
  image->components = frame.components;
  for (uint32_t c = 0; c < frame.components; ++c) {
    Plane& plane = image->plane[c];
    const SizePx blocks = layout.blocks(c);
    plane.across = frame.component[c].across;
    plane.down = frame.component[c].down;
    plane.blocks_across = blocks.width;
    plane.blocks_down = blocks.height;
    std::copy_n(frame.component[c].quantisers, kJpegCoefficients, plane.quantisers);
    const size_t row_coefficients = size_t{blocks.width} * kJpegCoefficients;
    plane.coefficients.resize(row_coefficients * blocks.height);
    for (uint32_t row = 0; row < blocks.height; ++row) {
      HR_TRY(DecodeRow(layout.Row(c, row), blocks.width,
                       plane.coefficients.data() + row * row_coefficients));
    }
  }
  image->segments.assign(segments.begin(), segments.end());
  return {};
}

}  // namespace headrace::codecs
