#include "codecs/coef_layout.h"

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "base/hash.h"
#include "codecs/limit_checks.h"

namespace headrace::codecs {
namespace {

uint32_t Load16(const uint8_t* from) { return from[0] | static_cast<uint32_t>(from[1]) << 8; }
uint32_t Load32(const uint8_t* from) { return Load16(from) | Load16(from + 2) << 16; }

uint64_t HashOf(std::span<const uint8_t> bytes) { return Hash64(std::as_bytes(bytes)); }

uint32_t DivideUp(uint64_t a, uint64_t b) { return static_cast<uint32_t>((a + b - 1) / b); }

Status Truncated() { return {Code::kTruncated, "the coefficient record ends too early"}; }
Status Damaged() { return {Code::kCorrupt, "the coefficient record's header is damaged"}; }

}  // namespace

SizePx CoefBlocks(const JpegFrame& frame, uint32_t c) {
  const JpegComponent& component = frame.component[c];
  const uint64_t width = DivideUp(uint64_t{frame.size.width} * component.across, frame.across_max);
  const uint64_t height = DivideUp(uint64_t{frame.size.height} * component.down, frame.down_max);
  return {DivideUp(width, kJpegBlockPx), DivideUp(height, kJpegBlockPx)};
}

uint32_t CoefRowNumber(const JpegFrame& frame, const SizePx* blocks, uint32_t c, uint32_t row) {
  const uint32_t mcu_row = row / frame.BlocksDown(c);
  uint32_t number = row;
  for (uint32_t other = 0; other < frame.components; ++other) {
    if (other == c) continue;
    // Of those before it in its row of MCUs too. The last row of MCUs need not have all.
    const uint32_t mcu_rows = other < c ? mcu_row + 1 : mcu_row;
    number += std::min(mcu_rows * frame.BlocksDown(other), blocks[other].height);
  }
  return number;
}

bool CoefSamplingKnown(const JpegFrame& frame) {
  const auto is_factor = [](uint32_t factor) { return factor == 1 || factor == 2; };
  for (uint32_t c = 0; c < frame.components; ++c) {
    const JpegComponent& component = frame.component[c];
    if (!is_factor(component.across) || !is_factor(component.down)) return false;
    if (component.across > frame.component[0].across || component.down > frame.component[0].down) {
      return false;
    }
  }
  return true;
}

Status CoefLayout::Open(std::span<const std::byte> record, const Limits& limits,
                        const RecordPart& part) {
  part_ = part;
  HR_TRY(CheckEncodedBytes(record, limits));
  HR_TRY(ReadFixed(record, limits));
  HR_TRY(ReadComponents());
  if (part_.IsOf(frame_.size, frame_.mcu_height_px())) return {};
  return {Code::kTruncated, "what there is of the coefficient record is of another picture"};
}

Status CoefLayout::ReadFixed(std::span<const std::byte> record, const Limits& limits) {
  record_ = {reinterpret_cast<const uint8_t*>(record.data()), record.size()};
  const uint8_t* const at = record_.data();
  const size_t magic = std::min(record_.size(), sizeof(kCoefMagic));
  if (std::memcmp(at, kCoefMagic, magic) != 0) {
    return {Code::kUnsupportedFormat, "the first bytes are not those of a coefficient record"};
  }
  if (record_.size() < kCoefFixedBytes) return Truncated();
  if (Load16(at + 8) != kCoefVersion) {
    return {Code::kUnsupportedFormat,
            "a coefficient record of another version: a newer headrace reads it, or pack again"};
  }
  header_bytes_ = Load32(at + 24);
  if (header_bytes_ < kCoefFixedBytes + kCoefHeaderHashBytes) return Damaged();
  if (header_bytes_ > record_.size() || !part_.Has(0, header_bytes_)) return Truncated();
  const uint8_t* const hash = at + header_bytes_ - kCoefHeaderHashBytes;
  const uint64_t wanted = Load32(hash) | uint64_t{Load32(hash + 4)} << 32;
  if (HashOf(record_.first(header_bytes_ - kCoefHeaderHashBytes)) != wanted) return Damaged();

  // From here on nothing is damaged that is not wrong by intent.
  frame_ = {};
  const uint32_t colour = at[10];
  frame_.components = at[11];
  if (colour > 2 || frame_.components != (colour == 0 ? 1u : 3u)) return Damaged();
  frame_.colour = static_cast<JpegColour>(colour);
  HR_TRY(CheckSize(Load32(at + 12), Load32(at + 16), limits));
  frame_.size = {Load32(at + 12), Load32(at + 16)};
  orientation_ = at[20];
  tables_ = at[21];
  segments_bytes_ = Load32(at + 28);
  data_bytes_ = Load32(at + 32);
  if (orientation_ < 1 || orientation_ > 8 || tables_ < 1 || tables_ > kJpegComponentsMax) {
    return Damaged();
  }
  const uint64_t bytes = uint64_t{header_bytes_} + data_bytes_ + segments_bytes_ + kCoefTailBytes;
  if (record_.size() < bytes) return Truncated();
  if (record_.size() > bytes) {
    return {Code::kCorrupt, "the coefficient record goes on behind its end"};
  }
  return {};
}

Status CoefLayout::ReadComponents() {
  const uint64_t tables_at = kCoefFixedBytes + frame_.components * kCoefComponentBytes;
  const uint64_t rows_at = tables_at + tables_ * kCoefTableBytes;
  if (header_bytes_ < rows_at + kCoefHeaderHashBytes) return Damaged();
  for (uint32_t c = 0; c < frame_.components; ++c) {
    const uint8_t* const at = record_.data() + kCoefFixedBytes + c * kCoefComponentBytes;
    JpegComponent& component = frame_.component[c];
    component.across = at[0];
    component.down = at[1];
    if (at[2] >= tables_) return Damaged();
    const uint8_t* const table = record_.data() + tables_at + at[2] * kCoefTableBytes;
    for (uint32_t k = 0; k < kJpegCoefficients; ++k) {
      component.quantisers[k] = static_cast<uint16_t>(Load16(table + size_t{k} * 2));
    }
  }
  frame_.across_max = frame_.component[0].across;
  frame_.down_max = frame_.component[0].down;
  if (!CoefSamplingKnown(frame_)) return Damaged();
  frame_.planar = frame_.colour != JpegColour::kRgb;
  uint32_t rows = 0;
  for (uint32_t c = 0; c < frame_.components; ++c) {
    blocks_[c] = CoefBlocks(frame_, c);
    rows += blocks_[c].height;
  }
  if (header_bytes_ != rows_at + rows * kCoefRowBytes + kCoefHeaderHashBytes) return Damaged();
  rows_ = record_.data() + rows_at;
  return Load32(rows_ + (rows - 1) * kCoefRowBytes) == data_bytes_ ? Status() : Damaged();
}

std::span<const uint8_t> CoefLayout::Row(uint32_t c, uint32_t row) const {
  const uint32_t number = CoefRowNumber(frame_, blocks_, c, row);
  const uint8_t* const entry = rows_ + number * kCoefRowBytes;
  const size_t begin = number > 0 ? Load32(entry - kCoefRowBytes) : 0;
  const size_t end = Load32(entry);
  if (begin > end || end > data_bytes_ || !part_.Has(header_bytes_ + begin, header_bytes_ + end)) {
    return {};
  }
  const std::span<const uint8_t> bytes = record_.subspan(header_bytes_ + begin, end - begin);
  if (static_cast<uint32_t>(HashOf(bytes)) != Load32(entry + 4)) return {};
  return bytes;
}

uint64_t CoefLayout::McuRowBegin(uint32_t mcu_row) const {
  const uint32_t row = mcu_row * frame_.BlocksDown(0);
  if (row >= blocks_[0].height) return header_bytes_ + data_bytes_;
  const uint32_t number = CoefRowNumber(frame_, blocks_, 0, row);
  return header_bytes_ + (number > 0 ? Load32(rows_ + (number - 1) * kCoefRowBytes) : 0);
}

Status CoefLayout::Segments(std::span<const std::byte>* segments) const {
  const auto bytes = record_.subspan(header_bytes_ + data_bytes_, segments_bytes_);
  const auto tail = record_.last(kCoefTailBytes);
  if (static_cast<uint32_t>(HashOf(bytes)) != Load32(record_.data() + 36) ||
      std::any_of(tail.begin(), tail.end(), [](uint8_t byte) { return byte != 0; })) {
    return {Code::kCorrupt, "the marker segments of the coefficient record are damaged"};
  }
  *segments = std::as_bytes(bytes);
  return {};
}

}  // namespace headrace::codecs
